"""`@answer`: what is right for a quiz's live question, read from the student's own lab host.

    @answer("pool-path")
    def pool_path(host: Host, lab: Params) -> object:
        \"\"\"Where the pool keeps its files.\"\"\"
        return host.pool(lab.pool).value("path")

A text, a number, True or False, or a list of texts in any order; None: it cannot be asked as things are.
"""

from __future__ import annotations

from collections.abc import Callable

from kvmlab.checks.collection import Collection
from kvmlab.checks.params import Params
from kvmlab.checks.vocabulary.host import Host

AnswerFunction = Callable[[Host, Params], object]

ANSWERS: Collection[tuple[str, AnswerFunction]] = Collection()
"""The answers that a file declares, while it is loaded."""


def answer(question: str) -> Callable[[AnswerFunction], AnswerFunction]:
    """Make a function the answer to the live question `question` of its chapter's quiz."""

    def declare(function: AnswerFunction) -> AnswerFunction:
        ANSWERS.add((question, function))
        return function

    return declare
