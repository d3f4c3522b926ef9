"""Linting: all rules over each lab and all its variants, and over the course itself."""

from __future__ import annotations

from collections.abc import Sequence

from kvmlab.author.lint.checkers import lint_checker
from kvmlab.author.lint.claims import lint_claims
from kvmlab.author.lint.course import lint_course
from kvmlab.author.lint.fault import LintFinding
from kvmlab.author.lint.host_faults import lint_faults
from kvmlab.author.lint.parts import Parts, read_parts
from kvmlab.author.lint.solutions import lint_solutions
from kvmlab.author.lint.survivors import lint_survivors
from kvmlab.author.lint.texts import lint_texts
from kvmlab.author.lint.todo import left_to_do
from kvmlab.author.lint.values import lint_values
from kvmlab.author.lint.yours import lint_yours
from kvmlab.course import Course

SEEDS = ("lint-1", "lint-2", "lint-3", "lint-4", "lint-5")


def lint(course: Course, lab_ids: Sequence[str]) -> list[LintFinding]:
    """The faults of these labs (none named: all, and those of the course itself), in the order of files and lines."""
    chosen = [course.entry(one).id for one in lab_ids] or course.ids
    faults = [fault for lab_id in dict.fromkeys(chosen) for fault in lint_lab(course, lab_id)]
    if not lab_ids:
        faults += lint_course(course) + lint_faults(course)
    return sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.rule, fault.message))


def lint_lab(course: Course, lab_id: str) -> list[LintFinding]:
    """The faults of one lab."""
    parts = read_parts(course, lab_id)
    lint_texts(parts)
    lint_checker(parts)
    lint_solutions(parts)
    lint_values(parts)
    lint_survivors(parts)
    lint_yours(parts)
    lint_claims(parts)
    _lint_variants(parts)
    _lint_todo(parts)
    return parts.faults


def _lint_variants(parts: Parts) -> None:
    """Whatever is drawn, text, solutions and sentences can be filled in."""
    if parts.front is None or parts.lab is None or not parts.solutions:
        return
    seeds = SEEDS if parts.front.table.get("variants") else ()
    for seed in (*seeds, *parts.lab.by_name, *(f"{name}+{seeds[0]}" for name in parts.lab.by_name if seeds)):
        lab = parts.attempt(parts.lab_md, "variants", lambda seed=seed: parts.course.lab(parts.id, "en", seed))  # type: ignore[misc]
        if lab is None:
            return
        parts.attempt(parts.solutions_folder, "variants", lambda lab=lab: parts.course.solutions(lab))  # type: ignore[misc]


def _lint_todo(parts: Parts) -> None:
    """What the author has noted as still to be done."""
    root = parts.course.root
    folders = [root / parts.folder, root / parts.solutions_folder]
    files = [path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    for path in [*files, root / parts.checker]:
        if path.is_file() and not path.name.startswith("."):
            for number, said in left_to_do(path):
                parts.warning(parts.inside(path), number, "todo", said)
