"""Rules for solutions: enough right ways and near-misses, checks that exist, guests that exist, no file overlooked."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from kvmlab.author.lint.parts import Parts
from kvmlab.course import Lab
from kvmlab.course.front_matter import read_front
from kvmlab.course.lab.solution import FILE, Solution, SolutionKind
from kvmlab.errors import KvmlabError
from kvmlab.grading.as_it_was import AS_IT_WAS
from kvmlab.nearest import nearest
from kvmlab.words import t

RIGHT_WAYS = 2
NEAR_MISSES = 4


def lint_solutions(parts: Parts) -> None:
    """All rules for solutions."""
    _lint_files(parts)
    if not parts.solutions or parts.lab is None:
        return
    _lint_these(parts, parts.solutions, parts.lab)
    _lint_all_caught(parts)
    for name in parts.lab.by_name:
        with contextlib.suppress(KvmlabError):  # a fault of its own (labs.py)
            lab = parts.course.lab(parts.id, "en", name)
            _lint_these(parts, parts.course.solutions(lab), lab)


def _lint_these(parts: Parts, solutions: Sequence[Solution], lab: Lab) -> None:
    """Those of the lab, or of one of its variants by name."""
    _lint_numbers(parts, solutions)
    _lint_caught_by(parts, solutions)
    for solution in solutions:
        _lint_guests(parts, solution, lab)


def _lint_files(parts: Parts) -> None:
    folder = parts.course.root / parts.solutions_folder
    for path in sorted(folder.rglob("*.md")) if folder.is_dir() else ():
        below = str(path.parent.relative_to(folder))
        if parts.lab is not None and below not in (".", *parts.lab.by_name):
            message = t("nobody reads this file: no variant has the name of its folder.")
            parts.error(parts.inside(path), 1, "solution", message)
        if not FILE.fullmatch(path.name):
            message = t("nobody reads this file: call it solution.md, way-….md or near-….md, in small letters.")
            parts.error(parts.inside(path), 1, "solution", message)


def _lint_numbers(parts: Parts, solutions: Sequence[Solution]) -> None:
    right = sum(one.kind is not SolutionKind.NEAR for one in solutions)
    near = len(solutions) - right
    file = solutions[0].file
    if right < RIGHT_WAYS:
        message = t("right ways: {number}; at least {wanted} show that the state counts, not the way.",
                    number=right, wanted=RIGHT_WAYS)  # fmt: skip
        parts.warning(file, 1, "ways", message)
    if near < NEAR_MISSES:
        message = t("near-misses: {number}; at least {wanted} show what the checks catch.",
                    number=near, wanted=NEAR_MISSES)  # fmt: skip
        parts.warning(file, 1, "near-misses", message)


def _lint_caught_by(parts: Parts, solutions: Sequence[Solution]) -> None:
    if parts.checks is None:
        return
    anyway = {*(check.id for check in parts.checks.checks), AS_IT_WAS}
    for near in solutions:
        for name in near.caught_by:
            if name not in anyway:
                line = read_front(parts.source(near.file)).place("", 0, "caught_by").line
                meant = nearest(name, anyway)
                tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
                parts.error(near.file, line, "near-misses", t("there is no check `{name}`.", name=name) + tail)


def _lint_all_caught(parts: Parts) -> None:
    named = {name for near in parts.solutions for name in near.caught_by}
    for check in parts.checks.checks if parts.checks else ():
        if check.id not in named:
            line = int(check.where.rpartition(":")[2])
            parts.warning(parts.checker, line, "near-misses", t("no near-miss is caught by {check}.", check=check.id))


def _lint_guests(parts: Parts, solution: Solution, lab: Lab) -> None:
    """A guest in a fence is one of the lab's, or has been named in a step before (virt-install, virt-clone, define)."""
    known = {guest.name for guest in lab.guests} | {domain.name for domain in lab.domains}
    before = ""
    for step in solution.steps:
        if step.guest is not None and step.guest not in known and not _named(step.guest, before):
            message = t("the lab has no guest `{guest}`, and no step before makes one.", guest=step.guest)
            parts.error(step.file, step.line - 1, "guests", message)
        before += step.code + "\n"


def _named(guest: str, code: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(guest)}(?![\w.-])", code) is not None
