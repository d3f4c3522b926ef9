"""The parts of a lab as its author wrote them, each with its lines; a part that cannot be read is reported as a fault,
and linting goes on."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from kvmlab.author.lint.fault import FaultNotes
from kvmlab.course import Course, Lab
from kvmlab.course.front_matter import Front, read_front
from kvmlab.course.lab.solution import Solution
from kvmlab.course.lab.text import LabText, read_prose
from kvmlab.course.source import Source, read_source
from kvmlab.grading.load import CheckSet, load_checks
from kvmlab.words import t


@dataclass
class Parts(FaultNotes):
    """One lab. What is None (or empty) could not be read, and a fault says why."""

    lab: Lab | None = None
    front: Front | None = None
    text: LabText | None = None
    translation: LabText | None = None
    checks: CheckSet | None = None
    tree: ast.Module | None = None
    solutions: tuple[Solution, ...] = ()

    @property
    def folder(self) -> str:
        """labs/CHAPTER/LAB."""
        return self.inside(self.course.folder(self.id))

    @property
    def lab_md(self) -> str:
        """The lab's text, in English."""
        return f"{self.folder}/lab.md"

    @property
    def lab_zh(self) -> str:
        """The lab's text, in Chinese."""
        return f"{self.folder}/lab.zh.md"

    @property
    def checker(self) -> str:
        """The checker's file."""
        return self.inside(self.course.checker(self.id))

    @property
    def solutions_folder(self) -> str:
        """The folder of solutions."""
        return self.inside(self.course.solutions_folder(self.id))

    def inside(self, path: Path) -> str:
        """`path` as messages call it."""
        return str(path.relative_to(self.course.root))

    def source(self, name: str) -> Source:
        """The file `name` of the course."""
        return read_source(self.course.root / name, self.course.root)


def read_parts(course: Course, lab_id: str) -> Parts:
    """All parts of a lab, with a fault for each that cannot be read."""
    parts = Parts(course, lab_id)
    parts.lab = parts.attempt(parts.lab_md, "text", lambda: course.lab(lab_id))
    if parts.lab is not None:
        parts.front = read_front(parts.source(parts.lab_md))
        parts.text = read_prose(parts.front.body)
    _read_translation(parts)
    _read_checker(parts)
    if parts.lab is not None:
        lab = parts.lab
        parts.solutions = parts.attempt(parts.solutions_folder, "solution", lambda: course.solutions(lab)) or ()
    return parts


def _read_translation(parts: Parts) -> None:
    if not (parts.course.root / parts.lab_zh).is_file():
        parts.error(parts.lab_md, 1, "language", t("there is no lab.zh.md beside it."))
        return
    if parts.attempt(parts.lab_zh, "language", lambda: parts.course.lab(parts.id, "zh")):
        parts.translation = read_prose(read_front(parts.source(parts.lab_zh)).body)


def _read_checker(parts: Parts) -> None:
    path = parts.course.checker(parts.id)
    if not path.is_file():
        parts.error(parts.lab_md, 1, "checker", t("there is no {file}.", file=parts.checker))
        return
    parts.checks = parts.attempt(parts.checker, "checker", lambda: load_checks(path))
    if parts.checks is not None:
        parts.tree = ast.parse(path.read_text(encoding="utf-8"))
