"""The report of a check in the terminal: per task what was wanted, what was found, and the command that shows it.

Laid out with kvmlab.report.plain. Rejected: rich's tables, which look no better here and would make every check a
fifth slower by their import alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TextIO

from kvmlab.checks.findings import Mistake
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.report.evidence import Evidence
from kvmlab.report.plain import TextPage
from kvmlab.report.sheet import STYLES, Sheet, Spans
from kvmlab.words import t

BAR_FROM = 76  # columns of the terminal from which points and bar stand in one line


def print_report(
    report: Report,
    *,
    lab: str,
    color: bool,
    verbose: bool = False,
    width: int | None = None,
    stream: TextIO | None = None,
) -> None:
    """Print it; with `verbose` the facts that are as wanted, too. `lab`: its name in the commands that are offered."""
    printed = _Printed(Sheet(TextPage(color=color, width=width, stream=stream)), report, lab, verbose)
    for task in report.tasks:
        printed.task(task)
    printed.summary()


class _Printed:
    def __init__(self, sheet: Sheet, report: Report, lab: str, verbose: bool) -> None:
        self.sheet, self.report, self.lab, self.verbose = sheet, report, lab, verbose
        self.by_id = {check.id: check for check in (*report.needed, *report.checks)}
        self.told: set[str] = set()  # troubles
        self.noticed: list[Mistake] = []

    # a task

    def task(self, task: TaskResult) -> None:
        """Its heading and its checks."""
        points = f"{task.points}/{task.max_points}"
        right: Spans = [(task.id, "cyan"), (f"  {points:>5}", STYLES[task.verdict])]
        self.sheet.put(self.sheet.code(task.title, "bold", "bold cyan"), 0, mark=task.verdict, right=right)
        for waits_for, checks in groupby(task.checks, key=lambda check: self.waited_for(task, check.blocked_by)):
            for check in checks:
                self.check(check)
            if waits_for:
                self.sheet.put(self.sheet.code(t("waits for: {what}", what=waits_for), "dim", "dim"), 4)
        if task.verdict is Verdict.FAILED:
            hint = self.sheet.command(f"kvmlab hint {self.lab} {task.id}")
            self.sheet.line(f"  {self.sheet.paint(t('hint:'), 'dim')} {hint}")
        self.sheet.line()

    def waited_for(self, task: TaskResult, blocked_by: Iterable[str]) -> str:
        """The checks that block this one in the end: this task's own by their sentences, others by their task."""
        roots = [self.by_id[name] for name in self.roots(blocked_by)]
        return t("; ").join(dict.fromkeys(self.root(task, check) for check in roots))

    def root(self, task: TaskResult, check: CheckResult) -> str:
        """What must be done first, as it is said under `task`."""
        sentence = check.sentence.rstrip(".。")
        if check.task == task.id:
            return sentence
        if check in self.report.needed:
            return t("task {task}: {sentence}", task=check.task, sentence=sentence)
        return t("task {task}", task=check.task)

    def roots(self, names: Iterable[str]) -> Iterator[str]:
        """The checks among them that are not blocked by others themselves."""
        for name in names:
            blocked_by = self.by_id[name].blocked_by
            yield from self.roots(blocked_by) if blocked_by else (name,)

    # a check

    def check(self, check: CheckResult) -> None:
        """Its sentence; the facts that are not as wanted, or why it could not look."""
        styles = ("dim", "dim") if check.verdict is Verdict.BLOCKED else ("", "cyan")
        self.sheet.put(self.sheet.code(check.sentence, *styles), 2, mark=check.verdict)
        Evidence(self.sheet).put(list(check.findings), met=self.verbose)
        self.mistakes(check)
        if check.guard and check.verdict is Verdict.FAILED:
            self.sheet.put([(t("the task has no points until this is right again"), "dim")], 4)
        if check.error:
            self.trouble(check.error, check.todo)

    def mistakes(self, check: CheckResult) -> None:
        """What the findings most likely come from; each is said once, as one mistake often fails many checks."""
        for mistake in filter(None, (finding.mistake for finding in check.findings)):
            if mistake not in self.noticed:
                self.noticed.append(mistake)
                self.sheet.put(self.sheet.code(mistake.sentence, "yellow", "cyan"), 6, lead="→ ", hang=2)
                if mistake.see:
                    self.sheet.shell_line(8, mistake.see)

    def trouble(self, error: str, todo: str) -> None:
        """Why it could not look and what to do; said in full only once, as one trouble often stops many checks."""
        if error in self.told:
            self.sheet.put([(t("could not look, as above"), "yellow")], 4)
            return
        self.told.add(error)
        self.sheet.put([(t("could not look: {error}", error=error), "yellow")], 4)
        if todo:
            self.sheet.shell_line(6, todo)

    # the end

    def summary(self) -> None:
        """The verdict, the points, and what to do next."""
        report, sheet = self.report, self.sheet
        for note in report.notes:
            sheet.put([(note, "yellow")], 2)
        passed = sum(task.verdict is Verdict.PASSED for task in report.tasks)
        points = t("{points} of {all} points", points=report.points, all=report.max_points)
        counts = {"passed": passed, "all": len(report.tasks), "seconds": report.seconds}
        rest = t(" · {passed} of {all} tasks · {seconds:.1f} s", **counts)
        verdict = sheet.paint(_verdict(report), f"bold {STYLES[report.verdict]}")
        first = f"{sheet.mark(report.verdict)} {verdict}   {sheet.page.bar(report.points, report.max_points)}"
        if sheet.width >= BAR_FROM:
            sheet.line(f"{first}   {points}{sheet.paint(rest, 'dim')}")
        else:
            sheet.line(first)
            sheet.put([(points, ""), (rest, "dim")], 2)
        sheet.page.commands(self.next())

    def next(self) -> list[tuple[str, str]]:
        """Commands to go on with."""
        failed = next((task for task in self.report.tasks if task.verdict is Verdict.FAILED), None)
        if self.report.verdict is Verdict.PASSED:
            return [
                (f"kvmlab show {self.lab}", t("read the explanations")),
                (f"kvmlab finish {self.lab}", t("put the lab away")),
                ("kvmlab", t("what comes next")),
            ]
        if failed is not None:
            return [
                (f"kvmlab hint {self.lab} {failed.id}", t("a hint for the first task that is not done")),
                (f"kvmlab shell {self.lab}", t("work on the lab host")),
            ]
        if self.report.verdict is Verdict.BLOCKED:
            return [(f"kvmlab check {self.lab}", t("all tasks, and what these wait for"))]
        return [
            ("kvmlab status", t("whether the lab host still runs")),
            (f"kvmlab reset {self.lab}", t("begin again on a new lab host")),
        ]


def _verdict(report: Report) -> str:
    return {
        Verdict.PASSED: t("passed"),
        Verdict.FAILED: t("not yet"),
        Verdict.BLOCKED: t("blocked"),
        Verdict.ERROR: t("could not look"),
    }[report.verdict]
