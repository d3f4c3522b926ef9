"""Proof 5: which facts have been seen met, and which unmet, over all cases of a lab.

A fact that is never unmet proves nothing when it is met; one that is never met can never be passed. A fact of an object
that was missing counts as unmet, but is noted when it was unmet in no other way: then only the object's
absence has ever been caught, not a wrong value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kvmlab.author.prove.proof import Remark
from kvmlab.grading.as_it_was import AS_IT_WAS
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import CheckResult, Report

IDENTITY = ("exists", "kind", "path")
"""Facts that say that an object is there; they are unmet when it is not."""

FactKey = tuple[str, str, str, int]  # check, subject, fact, which of several in the same check

ADDRESS = re.compile(r"\b\d+(\.\d+){3}\b")
"""Addresses are drawn anew in each case: an object's name is taken without them, and its place in the check tells which
of several it is."""


@dataclass
class Ledger:
    """What has been seen of each fact, in the order they were seen first."""

    seen: dict[FactKey, set[str]] = field(default_factory=dict)

    def note(self, report: Report) -> None:
        """Take in what one look found."""
        for check in report.checks:
            if check.id != AS_IT_WAS:  # it speaks of what the author has not thought of
                self._note_check(check)

    def _note_check(self, check: CheckResult) -> None:
        times: Counter[tuple[str, str]] = Counter()
        for finding in check.findings:
            subject = ADDRESS.sub("…", finding.subject)
            if finding.as_one:
                key = (check.id, subject, AS_IT_WAS, times[subject, AS_IT_WAS])
                times[subject, AS_IT_WAS] += 1
                self.seen.setdefault(key, set()).add("met" if finding.met else "unmet")
                continue
            for row in (row for row in finding.facts if not row.cause):
                key = (check.id, subject, row.name, times[subject, row.name])
                times[subject, row.name] += 1
                how = "met" if row.met else "missing" if finding.missing else "unmet"
                self.seen.setdefault(key, set()).add(how)

    def never(self) -> Iterable[Remark]:
        """The facts that were seen one way only."""
        for key, how in self.seen.items():
            if "met" not in how:
                yield Remark(key[0], t("{fact} was never met", fact=_name(key)))
            elif how == {"met"}:
                yield Remark(key[0], t("{fact} was never unmet: no case shows that it can fail", fact=_name(key)))

    def weak(self) -> Iterable[Remark]:
        """The facts that were unmet only because the whole object was missing."""
        for key, how in self.seen.items():
            if how == {"met", "missing"} and key[2] not in IDENTITY:
                yield Remark(key[0], t("{fact} was unmet only where the whole object was missing", fact=_name(key)))


def _name(key: FactKey) -> str:
    return f"{key[1]}: {key[2]}"
