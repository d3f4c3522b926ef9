"""Holds the known mistakes against a report: of each failed finding the first that fits is said under it.

It never changes a verdict and never raises. It runs when the checks are done, with the reader they had, so that what
they have read is not read again; and not at all where none has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from time import monotonic

from kvmlab.checks.findings import Finding, Mistake
from kvmlab.checks.vocabulary.host import Host
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words
from kvmlab.grading.mistakes.table import PATTERNS
from kvmlab.grading.verdicts import CheckResult, Report, Verdict
from kvmlab.safe_text import plain
from kvmlab.words import t

LONGEST_S = 3.0
"""How long they are looked for; a host that is slower keeps the rest for itself."""


def with_mistakes(report: Report, host: Host, patterns: Sequence[Pattern] = PATTERNS) -> Report:
    """The report, with what was noticed under its failed findings."""
    until = monotonic() + LONGEST_S

    def looked(check: CheckResult) -> CheckResult:
        if check.verdict is not Verdict.FAILED:
            return check
        return check._replace(findings=tuple(_noticed(one, host, patterns, until) for one in check.findings))

    tasks = [task._replace(checks=tuple(map(looked, task.checks))) for task in report.tasks]
    return report._replace(tasks=tuple(tasks), needed=tuple(map(looked, report.needed)))


def _noticed(finding: Finding, host: Host, patterns: Sequence[Pattern], until: float) -> Finding:
    failed = FailedObject.of(finding)
    if failed is None:
        return finding
    for pattern in patterns:
        if monotonic() < until and pattern.fits(failed.kind) and (found := seen(pattern, failed, host)) is not None:
            return finding._replace(mistake=_said(pattern, found))
    return finding


def seen(pattern: Pattern, failed: FailedObject, host: Host) -> Words | None:
    """What shows that it is this mistake; None where it is not, or cannot be told."""
    try:
        return pattern.look(failed, host)
    except Exception:  # a hint that cannot be given must not cost the report
        return None


def _said(pattern: Pattern, found: Words) -> Mistake:
    words = {name: plain(str(value), 120) for name, value in found.items()}
    see = pattern.see.format_map({name: quote(value) for name, value in words.items()})
    return Mistake(pattern.name, t(pattern.sentence, **words), see)
