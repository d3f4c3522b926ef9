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

    # a task

    def task(self, task: TaskResult) -> None:
        """Its heading and its checks."""
        points = f"{task.points}/{task.max_points}"
        right: Spans = [(task.id, "cyan"), (f"  {points:>5}", STYLES[task.verdict])]
        self.put([(f"{task.title}", "bold")], 0, mark=task.verdict, right=right)
        for blocked_by, checks in groupby(task.checks, key=lambda check: check.blocked_by):
            for check in checks:
                self.check(check)
            if blocked_by:
                self.put([(t("waits for: {what}", what=self.waited_for(task, blocked_by)), "dim")], 4)
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
            self.put([(t("could not look: {error}", error=check.error), "yellow")], 4)
            if check.todo:
                self.page.line(f"      {self.command(check.todo)}")

    def shown(self, finding: Finding) -> Finding | None:
        """The part of a finding that is printed: what is missing as one row, what is not as wanted, or everything."""
        if finding.missing:
            return finding._replace(facts=finding.facts[:1])
        rows = tuple(row for row in finding.facts if self.verbose or not row.met)
        return finding._replace(facts=rows) if rows else None

    def facts(self, findings: list[Finding]) -> None:
        """Side by side where everything fits, else each object, its facts and the commands below each other."""
        if not findings:
            return
        rows = [(finding, row) for finding in findings for row in finding.facts]
        first = max(cells(finding.subject) for finding in findings)
        second = max(0 if finding.missing else cells(label(row.name)) for finding, row in rows)
        third = max(_cells(self.value(finding, row)) for finding, row in rows)
        last = max(cells(row.see) for _, row in rows)
        if 6 + first + second + third + last + 3 * GAP <= self.width:
            self.beside(findings, first, second, third)
        else:
            self.below(findings)

    def beside(self, findings: list[Finding], first: int, second: int, third: int) -> None:
        """One line a fact; what repeats the line above is left out."""
        for finding in findings:
            before = FactRow("", "", "", True, "")
            for row in finding.facts:
                value = self.value(finding, row)
                room = third if not finding.missing else third + second + GAP
                spans = [
                    *_padded([(finding.subject if row is finding.facts[0] else "", "")], first + GAP),
                    *([] if finding.missing else _padded([(label(row.name), "")], second + GAP)),
                    *_padded(value, room + GAP),
                    (row.see if row.see != before.see else "", "cyan"),
                ]
                self.page.line(" " * 6 + self.painted(spans))
                before = row

    def below(self, findings: list[Finding]) -> None:
        """The object; its facts; each command once, after the facts that it shows."""
        for finding in findings:
            second = max(cells(label(row.name)) for row in finding.facts) + GAP
            if finding.missing:
                self.put([(f"{finding.subject}   ", ""), *self.value(finding, finding.facts[0])], 6)
                self.page.line(" " * 8 + self.command(finding.facts[0].see))
                continue
            self.page.line(" " * 6 + clean(finding.subject))
            for see, rows in groupby(finding.facts, key=lambda row: row.see):
                for row in rows:
                    lead = self.painted(_padded([(label(row.name), "")], second))
                    self.put(self.value(finding, row), 8, lead=lead, hang=second)
                if see:
                    self.page.line(" " * (8 + second) + self.command(see))

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
        bar = self.page.bar(report.points, report.max_points)
        verdict = self.paint(_verdict(report), f"bold {STYLES[report.verdict]}")
        points = t("{points} of {all} points", points=report.points, all=report.max_points)
        rest = t(
            " · {passed} of {all} tasks · {seconds:.1f} s",
            passed=passed,
            all=len(report.tasks),
            seconds=report.seconds,
        )
        self.page.line(f"{self.mark(report.verdict)} {verdict}   {bar}   {points}{self.paint(rest, 'dim')}")
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


def _glyphs(spans: Spans) -> Spans:
    return [(letter, style) for text, style in spans for letter in clean(text)]


def _cells(spans: Spans) -> int:
    return sum(cells(clean(text)) for text, _ in spans)


def _padded(spans: Spans, width: int) -> Spans:
    return [*spans, (" " * max(0, width - _cells(spans)), "")]
