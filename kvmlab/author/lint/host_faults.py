"""Rules for the faults of a course (its folder faults/), not to be confused with what linting itself finds."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from kvmlab.author.lint.fault import FaultNotes, LintFinding
from kvmlab.author.lint.todo import left_to_do
from kvmlab.course import Course
from kvmlab.course.fault import model as host_fault
from kvmlab.course.fault.reading import FaultFile, fault_files
from kvmlab.grading.as_it_was import declared
from kvmlab.words import t

T = TypeVar("T")
RULE = "faults"
SEEDS = (None, "lint-1", "lint-2", "lint-3")
HINTS = 3


def lint_faults(course: Course) -> list[LintFinding]:
    """What is wrong with the files of faults/."""
    return _HostFaultRules(course).all()


class _HostFaultRules(FaultNotes):
    def all(self) -> list[LintFinding]:
        files = fault_files(self.course.root)
        self._unread(files)
        for one in files:
            self._one(one)
        return self.faults

    def _unread(self, files: tuple[FaultFile, ...]) -> None:
        """Files that nobody reads: a wrong name, a chapter that there is not, a translation of nothing."""
        chapters, folder = {one.id for one in self.course.chapters}, self.course.root / "faults"
        read = {path for one in files if one.chapter in chapters for path in (one.path, one.path.with_suffix(".zh.md"))}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path not in read and not path.name.startswith(".") and path.parent != folder:
                message = t("nobody reads this file: call it faults/CHAPTER/NAME.md, or NAME.zh.md beside that.")
                self.error(self._name(path), 1, RULE, message)

    def _one(self, file: FaultFile) -> None:
        header = self.attempt(file.file, RULE, lambda: file.header)
        if header is None:
            return
        if not file.labs:
            self.error(file.file, 1, RULE, t("it is offered for no lab: a table `[labs.CHAPTER-NAME]`."))
        for lab in file.labs:
            self._for_lab(file, lab)
        self._languages(file)
        for path in (file.path, file.path.with_suffix(".zh.md")):
            for line, said in left_to_do(path) if path.is_file() else ():
                self.warning(self._name(path), line, RULE, said)

    def _for_lab(self, file: FaultFile, lab_id: str) -> None:
        entry = self.attempt(file.file, RULE, lambda: self.course.entry(lab_id))
        if entry is None or entry.broken:
            return
        line = file.english.front.place(f"labs.{lab_id}").line
        if not entry.complete:
            self.error(file.file, line, RULE, t("{lab} has no checker, or no solution.", lab=lab_id))
        made = None
        for seed in SEEDS:
            made = self.attempt(file.file, RULE, lambda seed=seed: file.for_lab(self.course.lab(lab_id, "en", seed)))  # type: ignore[misc]
            if made is None:
                return
        if made is not None:
            self._parts(file, made)

    def _parts(self, file: FaultFile, made: host_fault.Fault) -> None:
        if not made.symptoms:
            self.error(file.file, 1, RULE, t("its ticket has no symptom: a fence ```bash with a command that fails."))
        for name, steps in (("Break", made.breaks), ("Undo", made.undo)):
            if not steps:
                self.error(file.file, 1, RULE, t("it needs one part `## {heading}`, with a text.", heading=name))
        if len({one.id for one in made.symptoms}) < len(made.symptoms):
            self.error(file.file, 1, RULE, t("two symptoms have the same id."))
        if not made.wrong:
            said = t("no `## Wrong cure: …` shows what only looks like a cure.")
            self.warning(file.file, 1, RULE, said)
        for grant in (*made.yours, *made.forbids):
            self.attempt(file.file, RULE, lambda grant=grant: declared(grant))  # type: ignore[misc]

    def _languages(self, file: FaultFile) -> None:
        english = self.attempt(file.file, RULE, lambda: file.english)
        if english is not None and len(english.hints) < HINTS:
            said = t("hints: {number}; at least {wanted} lead from the layer to the cause.",
                     number=len(english.hints), wanted=HINTS)  # fmt: skip
            self.warning(file.file, 1, RULE, said)
        path = file.path.with_suffix(".zh.md")
        chinese = self.attempt(self._name(path), RULE, lambda: file.chinese)
        if not path.is_file():
            self.error(file.file, 1, RULE, t("there is no {file} beside it.", file=path.name))
        elif chinese is not None and english is not None and len(chinese.hints) != len(english.hints):
            said = t("hints: {number}; in English: {wanted}.", number=len(chinese.hints), wanted=len(english.hints))
            self.error(self._name(path), 1, RULE, said)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.course.root))
