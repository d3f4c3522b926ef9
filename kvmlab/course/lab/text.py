"""The text of a lab, split at its headings: an introduction, then tasks with hints and an explanation.

## Put the NIC into the bridge {#uplink points=3}     a task; its text follows
### Hint            as many as wanted, given one at a time   (zh: ### 提示)
### Explanation     opens once the task has passed           (zh: ### 解释)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kvmlab.course.headings import ATTRIBUTES, HeadedText, groups, split
from kvmlab.course.lab.claims import unmarked
from kvmlab.course.names import TASK
from kvmlab.course.source import Piece
from kvmlab.safe_text import shown
from kvmlab.words import t

HINTS = ("Hint", "提示")
EXPLANATIONS = ("Explanation", "解释")


class TaskText(NamedTuple):
    """One task, not rendered yet. `points` is None where the heading says none."""

    id: str
    title: Piece
    points: int | None
    text: Piece
    hints: tuple[Piece, ...]
    explanation: Piece | None
    marked: Piece  # its text with the marks of claims (kvmlab.course.lab.claims) still in it


class LabText(NamedTuple):
    """The text of a lab, not rendered yet."""

    intro: Piece
    tasks: tuple[TaskText, ...]
    marked: Piece  # the introduction with its marks


def read_prose(body: Piece) -> LabText:
    """Split a lab's text. A heading that does not fit the pattern above is an error at its line."""
    intro, parts = split(body)
    tasks = tuple(_task(group[0], group[1:]) for group in groups(parts))
    if not tasks:
        raise body.place.error(t("has no task: a heading such as `## Title {#id points=3}`."))
    _refuse_twice(tasks)
    return LabText(unmarked(intro), tasks, intro)


def _task(head: HeadedText, below: list[HeadedText]) -> TaskText:
    title, name, points = _attributes(head)
    hints, explanations = [], []
    for part in below:
        if part.heading.text in HINTS:
            hints.append(_not_empty(part))
        elif part.heading.text in EXPLANATIONS:
            explanations.append(_not_empty(part))
        else:
            raise part.place.error(
                t(
                    "under a task `###` is for {hint} and {explanation}, not for `{found}`; take `####`.",
                    hint=f"`{HINTS[0]}`",
                    explanation=f"`{EXPLANATIONS[0]}`",
                    found=shown(part.heading.text),
                )
            )
    if len(explanations) > 1:
        raise below[-1].place.error(t("task `{task}` has more than one explanation.", task=name))
    return TaskText(
        name,
        Piece(title, head.place),
        points,
        unmarked(_not_empty(head)),
        tuple(hints),
        explanations[0] if explanations else None,
        head.body,
    )


def _attributes(head: HeadedText) -> tuple[str, str, int | None]:
    """Title, id and points out of `Title {#id points=3}`."""
    found = ATTRIBUTES.search(head.heading.text)
    if not found:
        raise head.place.error(t("a task's heading ends in its id and points: `## Title {#id points=3}`."))
    name, rest = found[1], found[2].split()
    title = head.heading.text[: found.start()].strip()
    if not TASK.fullmatch(name) or len(name) > 40:
        message = t("`{name}` is not a task id: small letters, digits, `-`.", name=shown(name))
        raise head.place.error(message)
    if not title:
        raise head.place.error(t("task `{task}` has no title.", task=name))
    points = None
    for word in rest:
        number = re.fullmatch(r"points=([1-9][0-9]?|100)", word)
        if not number:
            message = t("`{word}` is not known here; `points=` takes 1 to 100.", word=shown(word))
            raise head.place.error(message)
        points = int(number[1])
    return title, name, points


def _not_empty(part: HeadedText) -> Piece:
    if not part.body.text:
        raise part.place.error(t("nothing stands under `{heading}`.", heading=shown(part.heading.text)))
    return part.body


def _refuse_twice(tasks: tuple[TaskText, ...]) -> None:
    seen: dict[str, int] = {}
    for task in tasks:
        line = task.title.place.line
        if task.id in seen:
            message = t("task `{task}` stands here and on line {line}.", task=task.id, line=seen[task.id])
            raise task.title.place.error(message)
        seen[task.id] = line
