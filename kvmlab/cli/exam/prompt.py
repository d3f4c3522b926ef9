"""Asking a question on the terminal: the text, the options in a drawn order, the answer, what was right."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from kvmlab.course.quiz.marks import LETTERS, Marked, chosen, is_choice, mark_choice, mark_live, mark_text
from kvmlab.course.quiz.model import Question, QuestionKind
from kvmlab.course.template import render
from kvmlab.report.plain import TextPage
from kvmlab.words import t


class PreparedQuestion(NamedTuple):
    """A question, ready to be put: its options in the order they are shown, live ones with their lab's values."""

    question: Question
    order: tuple[int, ...]
    values: Mapping[str, Any] | None = None
    truth: object = None

    @classmethod
    def drawn(cls, question: Question, draw: random.Random) -> PreparedQuestion:
        """With its options in an order of chance; short answers show none."""
        order = list(range(len(question.options))) if is_choice(question) else []
        draw.shuffle(order)
        return cls(question, tuple(order))

    def text(self, piece: Any) -> str:
        """A text of the question; a live one is a template."""
        return piece.text if self.values is None else render(piece, self.values)


def put(page: TextPage, asked: PreparedQuestion, label: str) -> None:
    """Show the question and its options."""
    page.line()
    page.line(page.paint(label, "dim"))
    page.prose(f"**{asked.text(asked.question.title)}**", indent=0)
    if body := asked.text(asked.question.body).strip():
        page.line()
        page.prose(body)
    page.line()
    for letter, number in zip(LETTERS, asked.order, strict=False):
        page.prose(f"{letter}) {asked.question.options[number].text}")
    if asked.order:
        page.line()


def answer_to(page: TextPage, asked: PreparedQuestion) -> Marked | None:
    """Read an answer from standard input until it can be one, and mark it; None at the end of input."""
    while True:
        try:
            given = input(f"{_prompt(asked.question.kind)} ")
        except EOFError:
            page.line()
            return None
        except KeyboardInterrupt:
            page.line()  # the shell's prompt begins a line of its own
            raise
        if is_choice(asked.question):
            picked = chosen(given, asked.order)
            if picked is not None and (len(picked) == 1 or asked.question.kind is QuestionKind.MULTIPLE):
                return mark_choice(asked.question, picked)
            page.line("  " + _how(asked))
        elif given.strip():
            live = asked.question.kind is QuestionKind.LIVE
            return mark_live(asked.truth, given, asked.question.answer) if live else mark_text(asked.question, given)


def tell(page: TextPage, asked: PreparedQuestion, marked: Marked) -> None:
    """Whether it was right, why a wrong answer is wrong, and the explanation."""
    page.line()
    if marked.right:
        page.line(page.paint(f"{page.mark('done')} {t('Right.')}", "bold green"))
    else:
        page.line(page.paint(t("Not right."), "bold red"))
        for why in marked.whys:
            page.prose(why)
        page.prose(t("Right is: {wanted}", wanted=marked.wanted))
    page.line()
    page.prose(asked.text(asked.question.explanation))


def _how(asked: PreparedQuestion) -> str:
    last = LETTERS[len(asked.order) - 1]
    if asked.question.kind is QuestionKind.MULTIPLE:
        return t("Answer with letters from a to {last}.", last=last)
    return t("Answer with one letter from a to {last}.", last=last)


def _prompt(kind: QuestionKind) -> str:
    return {
        QuestionKind.SINGLE: t("one letter:"),
        QuestionKind.MULTIPLE: t("one letter or several:"),
        QuestionKind.TEXT: t("your answer:"),
        QuestionKind.LIVE: t("your answer, from the lab host:"),
    }[kind]
