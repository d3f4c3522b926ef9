"""Whether an answer to a quiz's question is right, and why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

from kvmlab.course.quiz import Kind, Question

LETTERS = "abcdefghijklmnopqrstuvwxyz"


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
    return Marked(tuple(picked) == question.right, tuple(f"{one.text}: {one.why}" for one in wrong), wanted)


def mark_text(question: Question, given: str) -> Marked:
    """Right when it says the same as an accepted answer."""
    said = same(given)
    hit = next((one for one in question.options if same(one.text) == said), None)
    wanted = question.options[question.right[0]].text
    whys = (hit.why,) if hit and not hit.right else ()
    return Marked(bool(hit and hit.right), whys, wanted)


def mark_live(truth: object, given: str) -> Marked:
    """Right when it says what was read from the live host: a text, a number, or a list in any order."""
    if isinstance(truth, (list, tuple, set, frozenset)):
        wanted = sorted(same(str(one)) for one in truth)
        said = sorted(word for word in re.split(r"[\s,;，；、]+", same(given)) if word)
        return Marked(said == wanted, (), " ".join(f"`{one}`" for one in wanted))
    if isinstance(truth, bool):
        words = {True: {"yes", "y", "true", "是", "对"}, False: {"no", "n", "false", "否", "不是", "不对"}}
        return Marked(same(given) in words[truth], (), "yes" if truth else "no")
    if isinstance(truth, (int, float)):
        number = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*[a-z%]*", same(given))
        return Marked(bool(number) and float(number[1]) == truth, (), f"`{truth}`")  # type: ignore[index]
    return Marked(same(given) == same(str(truth)), (), f"`{truth}`")


def same(text: str) -> str:
    """What two answers are compared by: without backquotes, case, extra blanks, a full stop at the end."""
    return " ".join(text.replace("`", "").lower().split()).rstrip(".。")


def is_choice(question: Question) -> bool:
    """Whether it is answered with letters."""
    return question.kind in (Kind.SINGLE, Kind.MULTIPLE)
