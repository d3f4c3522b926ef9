"""The report of a check in the terminal: per task what was wanted, what was found, and the command that shows it.

Laid out with kvmlab.report.plain. Rejected: rich's tables, which look no better here and would make every check a
fifth slower by their import alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TextIO

from kvmlab.checks.findings import FactRow, Finding
from kvmlab.checks.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.report.plain import Page, cells, clean, wrap
from kvmlab.words import t

WIDEST = 120  # columns; a line longer than this is hard to follow, commands excepted
GAP = 3  # columns between the columns of a table
MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.BLOCKED: "○", Verdict.ERROR: "!"}
ASCII = {Verdict.PASSED: "+", Verdict.FAILED: "x", Verdict.BLOCKED: ".", Verdict.ERROR: "!"}
STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.BLOCKED: "dim", Verdict.ERROR: "yellow"}
UNITS = {"_mib": " (MiB)", "_bytes": " (bytes)", "_s": " (s)"}

Spans = list[tuple[str, str]]  # text and its styles


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
    printed = _Printed(Page(color=color, width=width, stream=stream), report, lab, verbose)
    for task in report.tasks:
        printed.task(task)
    printed.summary()


class _Printed:
    def __init__(self, page: Page, report: Report, lab: str, verbose: bool) -> None:
        self.page, self.report, self.lab, self.verbose = page, report, lab, verbose
        self.width = min(page.width, WIDEST)
        self.marks = MARKS if page.mark("done") == "✓" else ASCII
        self.by_id = {check.id: check for check in report.checks}
        self.troubles: set[str] = set()

    # a task

    def task(self, task: TaskResult) -> None:
        """Its heading and its checks."""
        points = f"{task.points}/{task.max_points}"
        right: Spans = [(task.id, "cyan"), (f"  {points:>5}", STYLES[task.verdict])]
        self.put([(f"{task.title}", "bold")], 0, mark=task.verdict, right=right)
        for waits_for, checks in groupby(task.checks, key=lambda check: self.waited_for(task, check.blocked_by)):
            for check in checks:
                self.check(check)
            if waits_for:
                said = t("waits for: {what}", what=waits_for)
                self.put(_code(said, "dim", keep=not self.page.color), 4)
        if task.verdict is Verdict.FAILED:
            self.page.line(f"  {self.paint(t('hint:'), 'dim')} {self.command(f'kvmlab hint {self.lab} {task.id}')}")
        self.page.line()

    def waited_for(self, task: TaskResult, blocked_by: Iterable[str]) -> str:
        """The checks at the root of it: sentences of this task's own, and names of other tasks."""
        roots = [self.by_id.get(name) for name in self.roots(blocked_by)]
        own = [check.sentence.rstrip(".。") for check in roots if check and check.task == task.id]
        others = [t("task {task}", task=check.task) for check in roots if check and check.task != task.id]
        outside = [name for name in blocked_by if name not in self.by_id]
        return t("; ").join(dict.fromkeys([*own, *others, *outside]))

    def roots(self, names: Iterable[str]) -> Iterator[str]:
        """What is not itself blocked by something else."""
        for name in names:
            check = self.by_id.get(name)
            yield from self.roots(check.blocked_by) if check and check.blocked_by else (name,)

    # a check

    def check(self, check: CheckResult) -> None:
        """Its sentence; the facts that are not as wanted, or why it could not look."""
        faint = "dim" if check.verdict is Verdict.BLOCKED else ""
        self.put(_code(check.sentence, faint, keep=not self.page.color), 2, mark=check.verdict)
        self.facts([shown for finding in check.findings if (shown := self.shown(finding))])
        if check.error:
            self.trouble(check.error, check.todo)

    def trouble(self, error: str, todo: str) -> None:
        """Why it could not look and what to do; said in full only once, as one trouble often stops many checks."""
        if error in self.troubles:
            self.put([(t("could not look, as above"), "yellow")], 4)
            return
        self.troubles.add(error)
        self.put([(t("could not look: {error}", error=error), "yellow")], 4)
        if todo:
            self.shell_line(6, todo)

    def shown(self, finding: Finding) -> Finding | None:
        """The part of a finding that is printed: what is missing as one row, what is not as wanted, or everything."""
        if finding.missing:
            return finding._replace(facts=finding.facts[:1])
        rows = tuple(row for row in finding.facts if self.verbose or not row.met)
        return finding._replace(facts=rows) if rows else None

    def facts(self, findings: list[Finding]) -> None:
        """A line a fact where that fits; else the object above its facts; else the commands below them, too."""
        if not findings:
            return
        first = max(cells(finding.subject) for finding in findings) + GAP
        if 6 + first + self.room(findings) + self.commands(findings) <= self.width:
            self.rows(findings, first, self.room(findings))
            return
        for finding in findings:
            if finding.missing:
                self.put([(f"{finding.subject}   ", ""), *self.value(finding, finding.facts[0])], 6)
                self.shell_line(8, finding.facts[0].see)
                continue
            self.page.line(" " * 6 + clean(finding.subject))
            room = self.room([finding])
            if 8 + room + self.commands([finding]) <= self.width:
                self.rows([finding], 2, room, named=False)
            else:
                self.below(finding)

    def room(self, findings: list[Finding]) -> int:
        """Columns for the facts' names and values, and the gap after them."""
        facts = self.names(findings) + max((_cells(self.value(f, row)) for f, row in _rows(findings)), default=0)
        missing = max((cells(finding.missing) for finding in findings if finding.missing), default=0)
        return max(facts if any(not finding.missing for finding in findings) else 0, missing) + GAP

    def names(self, findings: list[Finding]) -> int:
        """Columns for the facts' names and the gap after them."""
        return max((cells(label(row.name)) + GAP for _, row in _rows(findings)), default=0)

    def commands(self, findings: list[Finding]) -> int:
        """Columns for the commands."""
        return max(cells(row.see) for finding in findings for row in finding.facts)

    def rows(self, findings: list[Finding], first: int, room: int, *, named: bool = True) -> None:
        """One line a fact; what repeats the line above is left out."""
        second = self.names(findings)
        for finding in findings:
            see = ""
            for number, row in enumerate(finding.facts):
                value = self.value(finding, row)
                text = value if finding.missing else [*_padded([(label(row.name), "")], second), *value]
                subject = finding.subject if named and number == 0 else ""
                spans = [
                    *_padded([(subject, "")], first),
                    *_padded(text, room),
                    (row.see if row.see != see else "", "cyan"),
                ]
                self.page.line(" " * 6 + self.painted(spans))
                see = row.see

    def below(self, finding: Finding) -> None:
        """Each command once, below the facts that it shows."""
        second = self.names([finding])
        for see, rows in groupby(finding.facts, key=lambda row: row.see):
            for row in rows:
                lead = self.painted(_padded([(label(row.name), "")], second))
                self.put(self.value(finding, row), 8, lead=lead, hang=second)
            if see:
                self.shell_line(8 + second, see)

    def value(self, finding: Finding, row: FactRow) -> Spans:
        """ "none, wanted br0": what was found, and what was wanted where that is something else."""
        if finding.missing:
            return [(finding.missing, "red")]
        if row.met:
            return [(f"{self.marks[Verdict.PASSED]} {row.found}", "green")]
        said = t("{found}, wanted {wanted}", found="\0", wanted="\1")
        styles = {"\0": (row.found, "red"), "\1": (row.wanted, "green")}
        return [styles.get(part, (part, "dim")) for part in _split(said, "\0\1")]

    # the end

    def summary(self) -> None:
        """The verdict, the points, and what to do next."""
        report = self.report
        passed = sum(task.verdict is Verdict.PASSED for task in report.tasks)
        points = t("{points} of {all} points", points=report.points, all=report.max_points)
        rest = t(
            " · {passed} of {all} tasks · {seconds:.1f} s",
            passed=passed,
            all=len(report.tasks),
            seconds=report.seconds,
        )
        verdict = f"{self.mark(report.verdict)} {self.paint(_verdict(report), f'bold {STYLES[report.verdict]}')}"
        bar = self.page.bar(report.points, report.max_points)
        if self.page.width >= 76:
            self.page.line(f"{verdict}   {bar}   {points}{self.paint(rest, 'dim')}")
        else:
            self.page.line(f"{verdict}   {bar}")
            self.put([(points, ""), (rest, "dim")], 2)
        self.page.commands(self.next())

    def next(self) -> list[tuple[str, str]]:
        """Commands that lead on."""
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

    # printing

    def put(self, spans: Spans, indent: int, *, mark: Verdict | None = None, right: Spans | None = None,
            lead: str = "", hang: int = 0) -> None:  # fmt: skip
        """Wrapped text after a mark or a lead, with something at the right end of its first line."""
        hang = 2 if mark else hang
        room = self.width - indent - hang - (_cells(right) + 2 if right else 0)
        lines = wrap(_glyphs(spans), max(20, room)) or [[]]
        for number, line in enumerate(lines):
            start = (f"{self.mark(mark)} " if mark else lead) if number == 0 else " " * hang
            text = " " * indent + start + self.painted(line)
            if right and number == 0:
                text += " " * (room - _cells(line) + 2) + self.painted(right)
            self.page.line(text)

    def shell_line(self, indent: int, command: str) -> None:
        """A command on a line of its own, never broken: it is there to be copied."""
        self.page.line(" " * indent + self.paint("$ ", "dim") + self.command(command))

    def mark(self, verdict: Verdict) -> str:
        return self.paint(self.marks[verdict], STYLES[verdict])

    def command(self, text: str) -> str:
        return self.paint(clean(text), "cyan")

    def paint(self, text: str, styles: str) -> str:
        return self.page.paint(text, styles)

    def painted(self, spans: Spans) -> str:
        """Spans of the same style are painted together."""
        grouped = groupby(spans, key=lambda span: span[1])
        return "".join(self.paint(clean("".join(text for text, _ in run)), style) for style, run in grouped)


def label(name: str) -> str:
    """A fact's name for people: "memory_mib" is "memory (MiB)"."""
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return t(name.removesuffix(ending).replace("_", " ")) + unit
    return t(name.replace("_", " "))


def _verdict(report: Report) -> str:
    return {
        Verdict.PASSED: t("passed"),
        Verdict.FAILED: t("not yet"),
        Verdict.BLOCKED: t("blocked"),
        Verdict.ERROR: t("could not look"),
    }[report.verdict]


def _code(sentence: str, style: str, *, keep: bool) -> Spans:
    """`code` in backticks in its own colour; the backticks stay where there is no colour."""
    parts = sentence.split("`")
    tick = "`" if keep else ""
    return [
        (f"{tick}{part}{tick}" if odd % 2 else part, style or ("cyan" if odd % 2 else ""))
        for odd, part in enumerate(parts)
    ]


def _split(text: str, marks: str) -> list[str]:
    parts = [""]
    for letter in text:
        parts.extend((letter, "")) if letter in marks else parts.append(parts.pop() + letter)
    return [part for part in parts if part]


def _rows(findings: list[Finding]) -> list[tuple[Finding, FactRow]]:
    """The facts that stand in columns: those of what is there."""
    return [(finding, row) for finding in findings if not finding.missing for row in finding.facts]


def _glyphs(spans: Spans) -> Spans:
    return [(letter, style) for text, style in spans for letter in clean(text)]


def _cells(spans: Spans) -> int:
    return sum(cells(clean(text)) for text, _ in spans)


def _padded(spans: Spans, width: int) -> Spans:
    return [*spans, (" " * max(0, width - _cells(spans)), "")]
