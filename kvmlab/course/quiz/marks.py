"""Whether an answer to a quiz's question is right, and why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

from kvmlab.course.quiz.answers import PLAIN, Answer, flaw, shown_answer, speaks
from kvmlab.course.quiz.answers.numbers import read_number
from kvmlab.course.quiz.answers.typed import bare, half_width
from kvmlab.course.quiz.model import Question, QuestionKind
from kvmlab.words import t

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BETWEEN = re.compile(r"[\s,;、&+\"'`]+|(?<!\S)(?:and)(?!\S)|以及|[和与及跟]")
"""What stands between the items of a list."""
_IN_BRACKETS = re.compile(r"([^()]+)\(([^()]+)\)[.。]?")


class Marked(NamedTuple):
    """An answer, marked. `whys`: what is wrong with what was said; `wanted`: a right answer, in Markdown."""

    right: bool
    whys: tuple[str, ...]
    wanted: str


def chosen(given: str, order: Sequence[int]) -> tuple[int, ...] | None:
    """The options meant by letters (`b`, `a c`, `a,c`), as the question numbers them; None: no such letters."""
    letters = re.sub(r"[\s,;.()、。]+", "", normalize("NFKC", given).lower())  # a Chinese keyboard's `ａ，ｃ`, too
    if not letters or any(letter not in LETTERS[: len(order)] for letter in letters):
        return None
    return tuple(sorted({order[LETTERS.index(letter)] for letter in letters}))


def mark_choice(question: Question, picked: Sequence[int]) -> Marked:
    """Right when exactly the right options were picked."""
    wanted = " · ".join(question.options[number].text for number in question.right)
    wrong = [question.options[number] for number in picked if not question.options[number].right]
    whys = tuple(t("{text}: {why}", text=one.text, why=one.why) for one in wrong)
    return Marked(tuple(picked) == question.right, whys, wanted)


def mark_text(question: Question, given: str) -> Marked:
    """Right when it says the same as an accepted answer, compared as what the answer is."""
    answer, right = question.answer, [question.options[number].text for number in question.right]
    hit = any(all(any(speaks(answer, one, said) for one in right) for said in way) for way in _ways_to_read(given))
    whys = [one.why for one in question.options if not hit and not one.right and speaks(answer, one.text, given)]
    return Marked(hit, tuple(whys[:1]) or _other_unit(answer, right[0], given, hit), shown_answer(answer, right[0]))


def _ways_to_read(given: str) -> list[tuple[str, ...]]:
    """As it stands; as a name with another one in brackets behind it, which then has to be right, too."""
    both = _IN_BRACKETS.fullmatch(half_width(given))
    return [(given,), *([(both[1], both[2])] if both else [])]


def mark_live(truth: object, given: str, answer: Answer = PLAIN) -> Marked:
    """Right when it says what was read from the live host: a text, a number, or a list in any order."""
    if isinstance(truth, (list, tuple, set, frozenset)):
        wanted = sorted(str(one) for one in truth)
        said = [word for word in _BETWEEN.split(half_width(given).strip("[](){}.。")) if word]
        all_there = all(any(speaks(answer, one, word) for word in said) for one in wanted)
        no_more = all(any(speaks(answer, one, word) for one in wanted) for word in said)
        return Marked(bool(said) and all_there and no_more, (), " ".join(f"`{one}`" for one in wanted))
    if isinstance(truth, bool):
        words = {True: {"yes", "y", "true", "是", "对"}, False: {"no", "n", "false", "否", "不是", "不对"}}
        return Marked(bare(given).lower() in words[truth], (), "yes" if truth else "no")
    if isinstance(truth, (int, float)) and answer.kind == "words":
        answer = Answer("number", "MiB")  # not declared: the facts of checks count sizes in MiB
    right = f"{truth:.15g}" if isinstance(truth, float) else str(truth)
    hit = speaks(answer, right, given)
    return Marked(hit, _other_unit(answer, right, given, hit), f"`{right}{answer.unit and f' {answer.unit}'}`")


def misfit(answer: Answer, truth: object) -> str:
    """Why what was read from a host cannot be an answer of this kind; "" if it can."""
    for one in truth if isinstance(truth, (list, tuple, set, frozenset)) else [truth]:
        number = isinstance(one, (int, float)) and not isinstance(one, bool)
        if number != (answer.kind == "number") and not (answer.kind == "words" and number):
            return t("`{truth}` is no {kind}.", truth=str(one), kind=answer.kind)
        if isinstance(one, str) and answer.kind != "words" and (message := flaw(answer, one)):
            return message
    return ""


def _other_unit(answer: Answer, right: str, given: str, hit: bool) -> tuple[str, ...]:
    """A word on an answer whose number is right and whose unit is not."""
    wanted, said = read_number(right), read_number(given)
    if hit or answer.kind != "number" or not (wanted and said) or wanted.value != said.value or not answer.unit:
        return ()
    return (t("The number is right, its unit is not: {unit} is asked for.", unit=answer.unit),)


def is_choice(question: Question) -> bool:
    """Whether it is answered with letters."""
    return question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE)
