"""A pseudo-locale: every message is shown in ⟦…⟧, so what stands outside was never passed through t().

Outside may stand only what is no message: commands and their options, ids, and the texts of the course itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

import pytest

from kvmlab.cli.verbs import VERBS
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

RUNS = {
    "overview": [],
    "help": ["--help"],
    **{f"help {verb}": [verb, "--help"] for verb in VERBS},
    "list": ["list"],
    "show": ["show", "net-bridge"],
    "read": ["read", "net"],
    "quizzes": ["quiz"],
    "quiz": ["quiz", "net", "--seed", "3"],
    "exam": ["exam"],
    "exam begin": ["exam", "begin", "--labs", "0", "--questions", "2", "--seed", "s"],
    "hint": ["hint", "net-bridge"],
    "status": ["status"],
    "no such lab": ["show", "net-brige"],
    "no such verb": ["chek"],
    "wrong option": ["list", "--nope"],
    "wrong choice": ["list", "--color", "x"],
    "nothing given": ["check"],
    "not started": ["check", "net-bridge"],
    "no exam": ["exam", "next"],
    "lint": ["lint"],
    "commands": ["lint", "--commands"],
}
CLASS_ACTIONS = import_module("kvmlab.cli.verbs.class").ACTIONS  # `class` is a keyword
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[A-Za-z]")
COMMANDS = {  # what a user types: options, their values and names, shells, the severities that editors know
    "kvmlab", "help", "json", "course", "lang", "variant", "color", "auto", "always", "never", "plain", "none", "en",
    "zh", "bash", "fish", "show", "error", "warning", "begin", "next", "end", "report", "build", "import", "rm", "open",
    "task",  # of --per
    "ens",  # the host's NIC, ens33
}  # fmt: skip


@cache
def of_the_course() -> set[str]:
    """Every word of the example course's own files, and their names."""
    files = [path for path in EXAMPLE.rglob("*") if path.is_file() and path.suffix in (".md", ".py", ".j2", ".xml")]
    found = {word for path in files for word in WORD.findall(path.read_text(encoding="utf-8"))}
    return found | {word for path in files for word in WORD.findall(str(path.relative_to(EXAMPLE)))}


def outside(text: str) -> list[str]:
    """The words outside ⟦…⟧, whatever stands in whatever; without options, metavariables and rule names."""
    kept, depth = [], 0
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        kept.append(letter if depth == 0 and letter != "⟧" else " ")
    plain = re.sub(r"--?[a-z][a-z-]*|\[[a-z-]+\]$", " ", "".join(kept), flags=re.MULTILINE)
    return [word for word in WORD.findall(plain) if not word.isupper()]


@pytest.mark.parametrize("argv", RUNS.values(), ids=RUNS.keys())
def test_nothing_is_said_that_cannot_be_translated(bare_kvmlab: Kvmlab, argv: list[str]) -> None:
    env = {"KVMLAB_LANG": "pseudo", "KVMLAB_COURSE": str(EXAMPLE), "COLUMNS": "4000"}
    done = bare_kvmlab(*argv, env=env, stdin="bridge link\na\n")
    assert "Traceback" not in done.stderr
    assert "⟦" in done.stdout + done.stderr
    known = of_the_course() | COMMANDS | set(VERBS) | set(CLASS_ACTIONS)
    assert [word for word in outside(done.stdout + "\n" + done.stderr) if word not in known] == []
