"""Proof 12: the general faults of a lab, each tried on a solved lab host: broken, seen, undone.

Many are tried on one lab host. One counts as shown where a probe that has passed fails, a check of the lab fails, and
all passes again once it is undone; one that shows nothing is never handed out, and refutes nothing. Each is noted when
it has been tried, so that a run that was stopped can be taken up again.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmlab.author.prove import kept_results
from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.proof import Proof, ProofResult, Remark
from kvmlab.author.prove.result import TriedFault
from kvmlab.errors import CannotRun
from kvmlab.grading.verdicts import Verdict
from kvmlab.host.start.aspects import objects_of
from kvmlab.images import Quiet
from kvmlab.labhost.steps import run_step
from kvmlab.observe.grade import opened, run_checks
from kvmlab.repair.beginning import Beginning
from kvmlab.repair.general import Drawing
from kvmlab.repair.general_kinds import Offered
from kvmlab.repair.judging import changed_by_the_fault, repaired, restartable
from kvmlab.repair.shown import solved_state
from kvmlab.repair.symptoms import left
from kvmlab.setup.lab_host import lab_host
from kvmlab.setup.start_record import pictures
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.author.prove.result import CaseResult
    from kvmlab.course.fault.model import Fault
    from kvmlab.labhost.container import LabHost

UNDONE_S, MOST_S, POLL_S = 45.0, 120.0, 1.0
"""How long what was undone may take to pass again ($KVMLAB_PATIENCE stretches it, to MOST_S at most)."""
COPIES = 1000  # numbers for lab hosts of one case
SHOWN, QUIET, STUCK = "shown", "quiet", "not undone"


def carry_general(bench: Bench, case: Case, number: int) -> dict[str, object]:
    """Try those that were not tried before."""
    tried = kept_results.noted(bench, case, TriedFault)
    hosts, spoilt = itertools.count(number, COPIES), True
    while spoilt:
        with _solved(bench, case, next(hosts)) as (beginning, copies):
            spoilt = _attempts(bench, case, beginning, copies, tried)
    return {"general": tuple(tried), "solved": solved_state(bench.lab, case.steps)}


@contextlib.contextmanager
def _solved(bench: Bench, case: Case, number: int) -> Iterator[tuple[Beginning, Iterator[LabHost]]]:
    """A lab host in the solved state, and lab hosts for copies of it, which are not started."""
    host = bench.host(number)
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        with lab_host(host, bench.materials, bench.lab, Quiet()):
            bench.go_on()
        beginning = Beginning(bench.lab, bench.checker, case.steps, host, Quiet())
        beginning.solve()
        beginning.remember()
        yield beginning, (bench.host(number + COPIES**2 * copy) for copy in itertools.count(1))


def _attempts(
    bench: Bench, case: Case, beginning: Beginning, copies: Iterator[LabHost], tried: list[TriedFault]
) -> bool:  # fmt: skip
    """Try one after the other; whether this lab host is spoilt before all were tried."""
    drawing, known = Drawing(beginning), {one.id for one in tried}
    while one := next((one for one in sorted(drawing.offered, key=_soonest) if one.id not in known), None):
        known.add(one.id)
        bench.go_on()
        clock = time.monotonic()
        outcome, symptoms = _attempt(drawing, one, copies)
        bench.go_on()  # else its lab hosts may have been swept away under it
        came = TriedFault(one.id, one.told.level, outcome, round(time.monotonic() - clock, 1), symptoms)
        tried.append(kept_results.note(bench, case, came))
        if outcome == STUCK:
            return True
        beginning.remember()
        if one.mutant.change.scars:
            drawing.look_again()
    return False


def _soonest(one: Offered) -> tuple[int, bool]:
    """What shows at once comes before what needs a copy of the next boot, and in each what spoils nothing first."""
    return one.told.level, one.mutant.change.scars


def _attempt(drawing: Drawing, one: Offered, copies: Iterator[LabHost]) -> tuple[str, tuple[str, ...]]:
    try:
        fault = drawing.hidden(one, next(copies))
    except CannotRun:
        return STUCK, ()
    if fault is None:
        return QUIET, ()
    return (SHOWN if _undone(drawing.beginning, fault) else STUCK), tuple(probe.id for probe in fault.symptoms)


def _undone(beginning: Beginning, fault: Fault) -> bool:
    """Take it back, and see whether all passes as in a repair."""
    host, lab = beginning.host, beginning.lab
    granted = changed_by_the_fault(*(objects_of(picture) for picture in pictures(host)))
    for step in fault.undo:
        run_step(host, step)
    now = [probe for probe in fault.symptoms if not probe.upcoming]
    deadline = time.monotonic() + min(UNDONE_S * given_patience(), MOST_S)
    with opened(lab, host) as (reader, events):
        checks, kept = repaired(lab, beginning.checker, granted), restartable(reader, ())
        while left(host, now, None) or run_checks(checks, kept, lab, events=events).verdict is not Verdict.PASSED:
            if time.monotonic() > deadline:
                return False
            events.wait(POLL_S)
    return True


def judge_general(results: Sequence[CaseResult]) -> ProofResult:
    """Proof 12 from its cases: `cases` is the number of faults that were tried. One that was not undone is told, and
    does not count as shown."""
    tried = [one for result in results for one in result.general]
    trouble = [Remark(r.case.name, r.trouble.message, r.case.where) for r in results if r.trouble]
    stuck = [Remark(one.id, t("not as it was once it was undone")) for one in tried if one.outcome == STUCK]
    counts = {"offered": len(tried), "shown": sum(one.outcome == SHOWN for one in tried)} if tried else {}
    seconds, taken_over = sum(result.seconds for result in results), sum(result.taken_over for result in results)
    return ProofResult(Proof.GENERAL, len(tried), seconds, (), tuple(trouble), tuple(stuck), taken_over, counts)
