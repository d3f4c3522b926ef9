"""The verbs that need no lab host against an empty Python process."""

from __future__ import annotations

from benchmarks.place import state_beside
from benchmarks.timing import KVMLAB, PYTHON, Row, in_turns, plain_env, timed

VERBS = (("--help",), ("list",), ("status",), ("hint", "network-bridge"))


def rows(rounds: int) -> list[Row]:
    """The table's part."""
    env = plain_env(KVMLAB_STATE=str(state_beside("verbs").root))
    runs = {"python -c pass": lambda: timed([str(PYTHON), "-c", "pass"], env)}
    for words in VERBS:
        runs[" ".join(words)] = lambda words=words: timed([KVMLAB, *words], env)  # type: ignore[misc]
    taken = in_turns(runs, rounds)
    empty = taken.pop("python -c pass")
    return [Row(name.split()[0], value, "python -c pass", empty, "<= 4") for name, value in taken.items()]
