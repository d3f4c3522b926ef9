"""The findings of a check on a page: object, fact, what was found and wanted, and the command that shows it."""

from __future__ import annotations

import re
from itertools import groupby

from kvmlab.checks.findings import FactRow, Finding
from kvmlab.grading.verdicts import Verdict
from kvmlab.report.plain import cells
from kvmlab.report.sheet import Sheet, Spans, padded, width_of
from kvmlab.words import t

GAP = 3  # columns between columns
INDENT = 6
UNITS = {"_mib": " (MiB)", "_bytes": " (bytes)", "_s": " (s)"}


def label(name: str) -> str:
    """A fact's name for people: "memory_mib" is "memory (MiB)"."""
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return t(name.removesuffix(ending).replace("_", " ")) + t(unit)
    return t(name.replace("_", " "))


class Evidence:
    """Puts findings on `sheet`: a line a fact where that fits; else the object above its facts; else the commands
    below them, too."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def put(self, findings: list[Finding], *, met: bool) -> None:
        """The facts that are not as wanted; with `met` all of them. What is missing is one line."""
        shown = [kept for finding in findings if (kept := _shown(finding, met)).facts]
        if not shown:
            return
        subject = max(cells(finding.subject) for finding in shown) + GAP
        if INDENT + subject + self._room(shown) + _commands(shown) <= self.sheet.width:
            self._rows(shown, subject)
        else:
            for finding in shown:
                self._object(finding)

    def _object(self, finding: Finding) -> None:
        if finding.missing:
            self.sheet.put([(finding.subject + " " * GAP, ""), (finding.missing, "red")], INDENT)
            self.sheet.shell_line(INDENT + 2, finding.facts[0].see)
            self._below(finding._replace(missing=None, facts=finding.facts[1:]))
            return
        self.sheet.put([(finding.subject, "")], INDENT)
        if INDENT + 2 + self._room([finding]) + _commands([finding]) <= self.sheet.width:
            self._rows([finding._replace(subject="")], 2)
        else:
            self._below(finding)

    def _rows(self, findings: list[Finding], subject: int) -> None:
        """One line a fact; what repeats the line above is left out. `subject`: columns for the object."""
        names, room = _names(findings), self._room(findings)
        for finding in findings:
            see = ""
            for number, row in enumerate(finding.facts):
                value = self._value(finding, row)
                text = value if _gone(finding, row) else [*padded([(label(row.name), "")], names), *value]
                first: Spans = padded([(finding.subject if number == 0 else "", "")], subject)
                last = (row.see if row.see != see else "", "cyan")
                self.sheet.line(" " * INDENT + self.sheet.painted([*first, *padded(text, room), last]))
                see = row.see

    def _below(self, finding: Finding) -> None:
        """Each command once, below the facts that it shows."""
        names = _names([finding])
        for see, rows in groupby(finding.facts, key=lambda row: row.see):
            for row in rows:
                lead = self.sheet.painted(padded([(label(row.name), "")], names))
                self.sheet.put(self._value(finding, row), INDENT + 2, lead=lead, hang=names)
            if see:
                self.sheet.shell_line(INDENT + 2 + names, see)

    def _room(self, findings: list[Finding]) -> int:
        """Columns for the facts' names and values, and the gap after them."""
        there = [(finding, row) for finding in findings for row in finding.facts if not _gone(finding, row)]
        facts = _names(findings) + max((width_of(self._value(*one)) for one in there), default=0)
        return max(facts, max((cells(finding.missing or "") for finding in findings), default=0)) + GAP

    def _value(self, finding: Finding, row: FactRow) -> Spans:
        """ "none, wanted br0": what was found, and what was wanted where that is something else."""
        if _gone(finding, row):
            return [(finding.missing or "", "red")]
        found = t("rehearsed: {found}", found=row.found) if row.rehearsed else row.found
        if row.met:
            return [(f"{self.sheet.marks[Verdict.PASSED]} {found}", "green")]
        said = re.split("([\0\1])", t("{found}, wanted {wanted}", found="\0", wanted="\1"))
        values = {"\0": (found, "red"), "\1": (row.wanted, "green")}
        return [values.get(part, (part, "dim")) for part in said]


def _shown(finding: Finding, met: bool) -> Finding:
    if finding.missing:
        causes = tuple(row for row in finding.facts[1:] if row.cause)
        return finding._replace(facts=(*finding.facts[:1], *causes))
    return finding._replace(facts=tuple(row for row in finding.facts if met or not row.met))


def _gone(finding: Finding, row: FactRow) -> bool:
    """The row says that the object is missing, and nothing else."""
    return finding.missing is not None and not row.cause


def _names(findings: list[Finding]) -> int:
    """Columns for the facts' names and the gap after them, of the objects that are there."""
    there = (row.name for finding in findings for row in finding.facts if not _gone(finding, row))
    return max((cells(label(name)) + GAP for name in there), default=0)


def _commands(findings: list[Finding]) -> int:
    """Columns for the commands."""
    return max(cells(row.see) for finding in findings for row in finding.facts)
