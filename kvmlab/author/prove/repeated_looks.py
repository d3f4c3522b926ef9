"""Proof 10: looking is free. The solved state is looked at again and again, each time by a new connection, as `check`
does: the verdicts stay the same, and no fact that a check reads is changed by it.

What changes by itself (an age, a guest's use of memory) is told apart by waiting as long as the looks took, without
looking: only what changes by more than that is laid to the looks. So a counter that our own SSH moves is found.

A look that could not look, as it may be on a busy computer, says nothing and is taken again; what is still so then is
told, with its cause.

A guest that is asked over SSH answers with packets, which are counted with all others that it sends. So a check of
such a counter has to allow for them; here a few more a look are none of the looks' faults, and many are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.decided_look import look, verdicts
from kvmlab.checks.reader import Answer, Key, MissingObject
from kvmlab.checks.text import show
from kvmlab.observe.grade import opened
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report
    from kvmlab.host.reader import HostReader
    from kvmlab.labhost.container import LabHost

LOOKS = 20
TRIES = 3
"""How often a look that could not look is taken in all."""
OF_A_LOOK = {"sent_bytes": 16384.0, "sent_packets": 80.0}
"""What a guest sends, at most, to be looked at once: an SSH handshake and some answers."""
Fact = tuple[str, Key, str]  # kind, key, name
Values = Mapping[Fact, object]


@dataclass
class Keeping:
    """A reader that passes everything on, and keeps what it was answered."""

    reader: HostReader
    values: dict[Fact, object] = field(default_factory=dict)

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        answer = self.reader.read(kind, key, names)
        for name in names:
            self.values[kind, key, name] = None if isinstance(answer, MissingObject) else answer[name].value
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)


def look_again(bench: Bench, host: LabHost) -> tuple[str, ...]:
    """What is not as it must be, a sentence each; nothing where looking is free."""
    clock = time.monotonic()
    before, first = _look(bench, host)
    others, last = [], first
    for _ in range(LOOKS - 1):
        now, last = _look(bench, host)
        others.append(now)
    bench.stop.wait(time.monotonic() - clock)
    _, later = _look(bench, host)
    return (*_other_verdicts(before, others), *_moved(first, last, later))


def _look(bench: Bench, host: LabHost) -> tuple[dict[str, str], Values]:
    """One look as `check` does it: verdicts, and all that was read."""
    for _ in range(TRIES):
        with opened(bench.lab, host) as (reader, events):
            keeping = Keeping(reader)
            report = look(bench, keeping, events=events)
        if "error" not in verdicts(report).values():
            break
    return _told(report), keeping.values


def _told(report: Report) -> dict[str, str]:
    """The verdicts; of what could not be looked at, why not, too."""
    causes = {check.id: check.error for check in report.checks if check.error}
    return {name: f"{said} ({causes[name]})" if name in causes else said for name, said in verdicts(report).items()}


def _other_verdicts(before: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for number, now in enumerate(others, 2):
        for check in before:
            if now[check] != before[check]:
                yield t("look {number}: {check} is {now}, first {before}",
                        number=number, check=check, now=now[check], before=before[check])  # fmt: skip


def _moved(first: Values, last: Values, later: Values) -> Iterator[str]:
    """Facts that the looks have changed: `first` to `last` with looking, `last` to `later` as long without."""
    for fact in first:
        looked, waited = (first[fact], last.get(fact)), (last.get(fact), later.get(fact))
        if _distance(*looked) > 2 * _distance(*waited) + _tolerance(fact):
            kind, key, name = fact
            what = f"{kind} {' '.join(part for part in key if part)}: {name}"
            yield t("looking changes {fact}: {before}, then {after}",
                    fact=what, before=show(looked[0], 80), after=show(looked[1], 80))  # fmt: skip


def _distance(before: object, after: object) -> float:
    """How far two values are from each other; 0 or 1 where they are not numbers."""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return abs(after - before)
    return float(before != after)


def _tolerance(fact: Fact) -> float:
    """How much a fact may move by itself: seconds and MiB of a process are never quite still; a guest answers us."""
    if fact[2] in OF_A_LOOK:
        return OF_A_LOOK[fact[2]] * LOOKS
    return 3.0 if fact[2].endswith(("_s", "_mib")) else 0.0
