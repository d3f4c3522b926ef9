"""A quiz for programs: its questions without what is right, and an answer marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kvmlab.course.quiz.marks import Marked, chosen, is_choice, mark_choice, mark_live, mark_text
from kvmlab.course.quiz.model import QuestionKind
from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.exam.prompt import PreparedQuestion
    from kvmlab.course.quiz.model import Quiz

SCHEMA = "kvmlab.quiz/1"


def questions_of(quiz: Quiz, askable: Sequence[PreparedQuestion], known: Mapping[str, bool]) -> dict[str, Any]:
    """Those that can be asked now, those not known yet first; options are answered by their letters, a to z."""
    return {
        "schema": SCHEMA,
        "chapter": quiz.chapter,
        "title": quiz.title,
        "questions": [
            {
                "id": one.question.id,
                "kind": one.question.kind.value,
                "title": one.text(one.question.title),
                "text": one.text(one.question.body),
                "options": [option.text for option in one.question.options] if is_choice(one.question) else [],
                "known": known.get(one.question.id, False),
            }
            for one in sorted(askable, key=lambda one: known.get(one.question.id, False))
        ],
    }


def marked(asked: PreparedQuestion, given: str) -> Marked:
    """The answer, marked. UsageError where these are no letters of its options."""
    question = asked.question
    if question.kind is QuestionKind.LIVE:
        return mark_live(asked.truth, given, question.answer)
    if not is_choice(question):
        return mark_text(question, given)
    picked = chosen(given, range(len(question.options)))
    if picked is None:
        raise UsageError(t("`{given}` are no letters of its answers.", given=given[:40]), "kvmlab quiz")
    return mark_choice(question, picked)


def document(asked: PreparedQuestion, found: Marked) -> dict[str, Any]:
    """What came of it, with the explanation."""
    return {
        "schema": "kvmlab.answer/1",
        "question": asked.question.id,
        "right": found.right,
        "why": list(found.whys),
        "wanted": found.wanted,
        "explanation": asked.text(asked.question.explanation),
    }
