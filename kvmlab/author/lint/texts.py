"""Rules for the text: hints and explanations, and the two languages naming the same values."""

from __future__ import annotations

from kvmlab.author.lint.names import template_names
from kvmlab.author.lint.parts import Parts
from kvmlab.author.lint.widths import too_wide
from kvmlab.course.lab.text import LabText, TaskText
from kvmlab.course.template import render
from kvmlab.words import t


def lint_texts(parts: Parts) -> None:
    """All rules for texts."""
    if parts.text is None:
        return
    for task in parts.text.tasks:
        line = task.title.place.line
        if not task.hints:
            parts.error(parts.lab_md, line, "hints", t("task `{task}` has no hint.", task=task.id))
        if task.explanation is None:
            parts.warning(parts.lab_md, line, "explanation", t("task `{task}` has no explanation.", task=task.id))
    for lang, file in (("en", parts.lab_md), ("zh", parts.lab_zh)):
        _lint_pictures(parts, lang, file)
    if parts.translation is not None:
        _compare(parts, parts.text, parts.translation)


def _lint_pictures(parts: Parts, lang: str, file: str) -> None:
    """With the course's own values, which are what most will see; the line is that of the part's first."""
    text = parts.text if lang == "en" else parts.translation
    if text is None or parts.lab is None:
        return
    tasks = [piece for task in text.tasks for piece in (task.text, *task.hints, task.explanation) if piece]
    for piece in (text.intro, *tasks):
        shown = parts.attempt(file, "picture", lambda piece=piece: render(piece, parts.lab.values))  # type: ignore[misc]
        for below, message in too_wide(shown or ""):
            parts.warning(file, piece.place.line + below, "picture", message)


def _compare(parts: Parts, english: LabText, chinese: LabText) -> None:
    _same_names(parts, {""}, english.intro.text, chinese.intro.text, chinese.intro.place.line)
    for one, other in zip(english.tasks, chinese.tasks, strict=False):
        _same_names(parts, {one.id}, _all_of(one), _all_of(other), other.title.place.line)


def _all_of(task: TaskText) -> str:
    pieces = [task.title, task.text, *task.hints, *([task.explanation] if task.explanation else [])]
    return "\n".join(piece.text for piece in pieces)


def _same_names(parts: Parts, task: set[str], english: str, chinese: str, line: int) -> None:
    here, there = template_names(chinese), template_names(english)
    where = t("task `{task}`", task="".join(task)) if task != {""} else t("the introduction")
    for name in sorted(here - there):
        message = t("{where} names `{name}`; lab.md does not.", where=where, name=name)
        parts.error(parts.lab_zh, line, "language", message)
    for name in sorted(there - here):
        message = t("{where} names `{name}` in lab.md, and not here.", where=where, name=name)
        parts.error(parts.lab_zh, line, "language", message)
