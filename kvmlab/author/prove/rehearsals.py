"""Proof 8: what is said of the next start comes true. Each case is rehearsed at its end, and the two reports compared.

A fact that was said to be met must be met in the copy; one said not to be must not be. What the copy cannot be asked is
only in order where nothing was promised.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.proof import Proof, ProofResult, Remark
from kvmlab.author.prove.result import CaseResult, RehearsalResult
from kvmlab.errors import KvmlabError
from kvmlab.grading.rehearsed_reader import ahead
from kvmlab.images import Quiet
from kvmlab.labhost.container import LabHost
from kvmlab.observe.rehearsed_grade import Rehearsing
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.checks.findings import FactRow
    from kvmlab.grading.verdicts import CheckResult, Report

ANSWER_S = 60.0
"""How long a guest may take in the copy; where nothing is wrong it takes a few seconds."""

Place = tuple[str, str, str, int]  # check, subject, fact, which of several


def rehearse(bench: Bench, host: LabHost) -> RehearsalResult | None:
    """Rehearse the next start of `host`; None where no check of the lab speaks of it."""
    bench.go_on()
    clock = time.monotonic()
    rehearsing = Rehearsing(bench.lab, bench.checker, answer_s=ANSWER_S)
    if not ahead(rehearsing.wants()):
        return None
    fresh = LabHost(f"{host.label}_copy", host.instance, host.state, host.podman)
    report, trouble = None, ""
    try:
        report = rehearsing.report(host, fresh, Quiet())
    except KvmlabError as error:
        trouble = error.message
    return RehearsalResult(report, time.monotonic() - clock, trouble)


def judge_rehearsals(results: Sequence[CaseResult]) -> ProofResult:
    """Of all cases that were rehearsed."""
    wrong, trouble, seconds, number = [], [], 0.0, 0
    for result in results:
        case, rehearsal = result.case, result.rehearsal
        if result.trouble is not None and case.rehearsed:
            trouble.append(Remark(case.name, result.trouble.message, case.where))
        if rehearsal is None or result.report is None:
            continue
        number, seconds = number + 1, seconds + rehearsal.seconds
        if rehearsal.report is None:
            trouble.append(Remark(case.name, rehearsal.trouble, case.where))
        else:
            wrong += [Remark(case.name, what, case.where) for what in _untrue(result.report, rehearsal.report)]
    return ProofResult(Proof.REHEARSAL, number, seconds, tuple(wrong), tuple(trouble))


def _untrue(foretold: Report, seen: Report) -> Iterator[str]:
    """What was said and did not come true."""
    after = dict(_rows(seen))
    checks = {check.id: check for check in seen.checks}
    for place, row in _rows(foretold):
        check, subject, fact, _ = place
        there = after.get(place)
        words = {"check": check, "subject": subject, "fact": fact, "stored": row.found}
        if not row.ahead:
            continue
        if there is not None and there.rehearsed:
            if row.met and not there.met:
                yield t(
                    "{check}: {subject}: {fact}: said to be as wanted ({stored}), and after the start it is {found}",
                    **words, found=there.found,
                )  # fmt: skip
            elif there.met and not row.met:
                yield t("{check}: {subject}: {fact}: said to be wrong ({stored}), and after the start it is as wanted",
                        **words)  # fmt: skip
        elif row.met and (why := checks[check].error):
            yield t("{check}: {subject}: {fact}: said to be as wanted ({stored}), and could not be seen: {why}",
                    **words, why=why)  # fmt: skip


def _rows(report: Report) -> Iterator[tuple[Place, FactRow]]:
    for check in report.checks:
        yield from _rows_of(check)


def _rows_of(check: CheckResult) -> Iterator[tuple[Place, FactRow]]:
    times: Counter[tuple[str, str]] = Counter()
    for finding in check.findings:
        doubted = any(row.cause and not row.met for row in finding.facts)
        for row in finding.facts:
            place = (finding.subject, row.name)
            if not (doubted and row.met and row.ahead):  # nobody has said that it will be as wanted
                yield (check.id, *place, times[place]), row
            times[place] += 1
