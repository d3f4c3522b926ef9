"""Rules for the faults of a course (its folder faults/), not to be confused with what linting itself finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kvmlab.author.lint.fault import LintFinding, Severity, from_error
from kvmlab.author.lint.todo import left_to_do
from kvmlab.course import Course
from kvmlab.course.fault import model as host_fault
from kvmlab.course.fault.reading import FaultFile, fault_files
from kvmlab.errors import KvmlabError
from kvmlab.grading.as_it_was import declared
from kvmlab.words import t

T = TypeVar("T")
RULE = "faults"
SEEDS = (None, "lint-1", "lint-2", "lint-3")
HINTS = 3


def lint_faults(course: Course) -> list[LintFinding]:
    """What is wrong with the files of faults/."""
    return _HostFaultRules(course).all()


class _HostFaultRules:
    def __init__(self, course: Course) -> None:
        self.course = course
        self.found: list[LintFinding] = []

    def all(self) -> list[LintFinding]:
        files = fault_files(self.course.root)
        self._unread(files)
        for one in files:
            self._one(one)
        return self.found

    def _note(self, file: str, message: str, severity: Severity = Severity.ERROR, line: int = 1) -> None:
        self.found.append(LintFinding(file, line, RULE, message, "", severity))

    def _attempt(self, file: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except KvmlabError as error:
            self.found.append(from_error(error, self.course.root, file, "", RULE))
            return None

    def _unread(self, files: tuple[FaultFile, ...]) -> None:
        """Files that nobody reads: a wrong name, a chapter that there is not, a translation of nothing."""
        chapters, folder = {one.id for one in self.course.chapters}, self.course.root / "faults"
        read = {path for one in files if one.chapter in chapters for path in (one.path, one.path.with_suffix(".zh.md"))}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path not in read and not path.name.startswith(".") and path.parent != folder:
                message = t("nobody reads this file: call it faults/CHAPTER/NAME.md, or NAME.zh.md beside that.")
                self._note(self._name(path), message)

    def _one(self, file: FaultFile) -> None:
        header = self._attempt(file.file, lambda: file.header)
        if header is None:
            return
        if not file.labs:
            self._note(file.file, t("it is offered for no lab: a table `[labs.CHAPTER-NAME]`."))
        for lab in file.labs:
            self._for_lab(file, lab)
        self._languages(file)
        for path in (file.path, file.path.with_suffix(".zh.md")):
            for line, said in left_to_do(path) if path.is_file() else ():
                self._note(self._name(path), said, Severity.WARNING, line)

    def _for_lab(self, file: FaultFile, lab_id: str) -> None:
        entry = self._attempt(file.file, lambda: self.course.entry(lab_id))
        if entry is None or entry.broken:
            return
        line = file.english.front.place(f"labs.{lab_id}").line
        if not entry.complete:
            self._note(file.file, t("{lab} has no checker, or no solution.", lab=lab_id), line=line)
        made = None
        for seed in SEEDS:
            made = self._attempt(file.file, lambda seed=seed: file.for_lab(self.course.lab(lab_id, "en", seed)))  # type: ignore[misc]
            if made is None:
                return
        if made is not None:
            self._parts(file, made)

    def _parts(self, file: FaultFile, made: host_fault.Fault) -> None:
        if not made.symptoms:
            self._note(file.file, t("its ticket has no symptom: a fence ```bash with a command that fails."))
        for name, steps in (("Break", made.breaks), ("Undo", made.undo)):
            if not steps:
                self._note(file.file, t("it needs one part `## {heading}`, with a text.", heading=name))
        if len({one.id for one in made.symptoms}) < len(made.symptoms):
            self._note(file.file, t("two symptoms have the same id."))
        if not made.wrong:
            said = t("no `## Wrong cure: …` shows what only looks like a cure.")
            self._note(file.file, said, Severity.WARNING)
        for grant in (*made.yours, *made.forbids):
            self._attempt(file.file, lambda grant=grant: declared(grant))  # type: ignore[misc]

    def _languages(self, file: FaultFile) -> None:
        english = self._attempt(file.file, lambda: file.english)
        if english is not None and len(english.hints) < HINTS:
            said = t("hints: {number}; at least {wanted} lead from the layer to the cause.",
                     number=len(english.hints), wanted=HINTS)  # fmt: skip
            self._note(file.file, said, Severity.WARNING)
        path = file.path.with_suffix(".zh.md")
        chinese = self._attempt(self._name(path), lambda: file.chinese)
        if not path.is_file():
            self._note(file.file, t("there is no {file} beside it.", file=path.name))
        elif chinese is not None and english is not None and len(chinese.hints) != len(english.hints):
            said = t("hints: {number}; in English: {wanted}.", number=len(chinese.hints), wanted=len(english.hints))
            self._note(self._name(path), said)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.course.root))
