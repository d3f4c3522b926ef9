"""`@answer`: what is right for a quiz's live question, read from the student's own lab host.

    @answer("pool-path")
    def pool_path(host: Host, lab: Params) -> object:
        \"\"\"Where the pool keeps its files.\"\"\"
        return host.pool(lab.pool).value("path")

A text, a number, True or False, or a list of texts in any order; None: it cannot be asked as things are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kvmlab.checks.collecting import Collection
from kvmlab.checks.load import execute
from kvmlab.checks.params import Params
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import AuthorError
from kvmlab.words import t

AnswerFunction = Callable[[Host, Params], object]

_ANSWERS: Collection[tuple[str, AnswerFunction]] = Collection()


def answer(question: str) -> Callable[[AnswerFunction], AnswerFunction]:
    """Make a function the answer to the live question `question` of its chapter's quiz."""

    def declare(function: AnswerFunction) -> AnswerFunction:
        _ANSWERS.add((question, function))
        return function

    return declare


def load_answers(path: Path) -> Mapping[str, AnswerFunction]:
    """The answers of checkers/CHAPTER/quiz.py, by question. Errors as in load_checks."""
    with _ANSWERS.collected() as declared:
        execute(path)
    found: dict[str, AnswerFunction] = {}
    for question, function in declared:
        if question in found:
            where = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
            raise AuthorError(t("{where}: a second answer to `{question}`.", where=where, question=question))
        found[question] = function
    return found
