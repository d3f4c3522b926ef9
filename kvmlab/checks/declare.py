"""`@check`: turns a function of a checker file into a check."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.checks.collection import Collection
from kvmlab.checks.findings import Findings
from kvmlab.checks.params import Params
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import AuthorError
from kvmlab.words import language, t

CheckFunction = Callable[[Host, Params], Findings]


class Check(NamedTuple):
    """One check of a lab. `points` count towards its task; `guard`: it passes already at the start.

    `sentence`, `zh`: what the student reads, with `{parameter}` not yet filled in. `where`: "file:line".
    """

    id: str
    task: str
    points: int
    needs: tuple[Check, ...]
    guard: bool
    sentence: str
    zh: str
    function: CheckFunction
    where: str

    def text(self, params: Params) -> str:
        """The sentence in the current language."""
        return params.fill(self.zh if self.zh and language() == "zh" else self.sentence)

    def __call__(self, host: Host, params: Params) -> Findings:
        """Look: the findings, one by one."""
        return self.function(host, params)


CHECKS: Collection[Check] = Collection()
"""The checks that a file declares, while it is loaded."""


def check(
    *, task: str, points: int = 1, needs: Sequence[Check] = (), guard: bool = False, zh: str = "", id: str = ""
) -> Callable[[CheckFunction], Check]:
    """Make a generator of findings a check of `task` worth `points`.

    `needs`: checks that must pass first, else this one is blocked. `guard`: it must pass already at the start
    ("the guest still exists"). `zh`: its sentence in Chinese; the English one is the first paragraph of
    the docstring. `id`: where the function's name with dashes will not do. Raises AuthorError.
    """

    def declare(function: CheckFunction) -> Check:
        where = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
        sentence = " ".join((function.__doc__ or "").strip().split("\n\n")[0].split())
        made = Check(
            id=id or function.__name__.strip("_").replace("_", "-"),
            task=task,
            points=points,
            needs=tuple(needs),
            guard=guard,
            sentence=sentence,
            zh=zh,
            function=function,
            where=where,
        )
        _refuse_nonsense(made)
        CHECKS.add(made)
        return made

    return declare


def _refuse_nonsense(made: Check) -> None:
    if not made.sentence:
        raise AuthorError(
            t(
                "{where}: the check {check} has no docstring: the sentence that the student reads.",
                where=made.where,
                check=made.id,
            )
        )
    if made.points < 0 or (made.points == 0 and not made.guard):
        raise AuthorError(
            t("{where}: the check {check} is worth no points; only a guard may be.", where=made.where, check=made.id)
        )


def place_of(path: Path, error: BaseException) -> str:
    """The deepest line of `path` that `error` went through, as "file:line"; "" where there is none."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}:{line}" if line else ""


def deepest_file(error: BaseException) -> str:
    """The file in which `error` was raised."""
    trace, name = error.__traceback__, sys.executable
    while trace is not None:
        name, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
    return name
