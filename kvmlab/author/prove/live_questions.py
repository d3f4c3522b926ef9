"""The quiz's live questions about a lab, asked on its lab host as the quiz asks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmlab.author.prove.bench import Bench
from kvmlab.course.quiz.marks import misfit
from kvmlab.course.quiz.model import Question, answers_file, has_quiz, read_quiz
from kvmlab.errors import CouldNotLook
from kvmlab.observe.grade import true_answer
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost


def unanswered(bench: Bench, host: LabHost) -> dict[str, str]:
    """The live questions that have no answer now, and why. AuthorError where the answer's function has a mistake."""
    answers = answers_file(bench.course.root, bench.lab.chapter)
    found = {}
    for question in _live_questions(bench):
        bench.go_on()
        try:
            truth = true_answer(bench.lab, answers, question.id, host)
        except CouldNotLook as trouble:
            found[question.id] = trouble.message
        else:
            if wrong := t("the answer is None") if truth is None else misfit(question.answer, truth):
                found[question.id] = wrong
    return found


def _live_questions(bench: Bench) -> Iterator[Question]:
    """Those of the chapter's quiz that are about this lab."""
    if has_quiz(bench.course.root, bench.lab.chapter):
        for question in read_quiz(bench.course.root, bench.lab.chapter).questions:
            if question.lab == bench.lab.id:
                yield question
