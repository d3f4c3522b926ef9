"""Proof 11: a fault on a solved lab host: seen where it is, gone by its cures, and not by what is none.

On one lab host: the solved state has no symptom; broken, every symptom of the ticket is really seen and some check
fails; undone, all passes; each cure and each wrong cure is tried after breaking it anew. Where a wrong cure has left
more behind than `## Undo` takes back, the next one has another lab host.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.errors import CannotRun
from kvmlab.grading.verdicts import Verdict
from kvmlab.images import Quiet
from kvmlab.labhost.steps import run_step
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.repair.beginning import Beginning
from kvmlab.repair.judging import Judgement, judge
from kvmlab.repair.record import Repair
from kvmlab.repair.symptoms import left
from kvmlab.setup.lab_host import lab_host
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course.fault.model import Fault, FaultCure
    from kvmlab.course.lab.fences import Step
    from kvmlab.labhost.container import LabHost

MENDED_S, NOT_MENDED_S, MOST_S, POLL_S = 90.0, 15.0, 120.0, 1.0
"""How long a cure may take to be seen; how long what is none is looked at ($KVMLAB_PATIENCE stretches both, the
latter to MOST_S at most)."""
COPIES = 1000  # numbers for lab hosts of one case


def carry_fault(bench: Bench, case: Case, number: int) -> dict[str, object]:
    """Carry out everything that is said of the fault; `fault`: what is wrong with it."""
    assert case.fault is not None
    wrong: list[str] = []
    rest = list(case.fault.wrong)
    hosts = itertools.count(number, COPIES)
    with _Stage.on(bench, case, next(hosts)) as stage:
        if stage.begin(case.fault, wrong):
            stage.must_mend(t("undone"), case.fault.undo, wrong)
            for way in case.fault.cures:
                stage.again(wrong)
                stage.must_mend(t("the cure “{title}”", title=way.title), way.steps, wrong)
            stage.again(wrong)
            stage.must_not_mend(rest, wrong)
    while rest and not wrong:
        with _Stage.on(bench, case, next(hosts)) as stage:
            if stage.begin(case.fault, wrong):
                stage.must_not_mend(rest, wrong)
    return {"wrong_fault": tuple(wrong)}


@dataclass
class _Stage:
    """A lab host on which a fault is tried."""

    bench: Bench
    case: Case
    number: int
    host: LabHost
    repair: Repair = field(default_factory=lambda: Repair("prove"))
    copies: int = 0

    @classmethod
    @contextlib.contextmanager
    def on(cls, bench: Bench, case: Case, number: int) -> Iterator[_Stage]:
        host = bench.host(number)
        with contextlib.ExitStack() as undo:
            undo.callback(host.remove)
            with lab_host(host, bench.materials, bench.lab, Quiet()):
                bench.go_on()
            yield cls(bench, case, number, host)

    def begin(self, fault: Fault, wrong: list[str]) -> bool:
        """Solve, look, break and look again; whether it could be done."""
        beginning = Beginning(self.bench.lab, self.bench.checker, self.case.steps, self.host, Quiet())

        def make(beginning: Beginning) -> Fault:
            if seen := left(self.host, fault.symptoms, self.fresh()):
                wrong.append(t("seen before it is broken: {symptoms}", symptoms=", ".join(seen)))
            return beginning.break_it(fault)

        try:
            self.repair = beginning.hide(self.repair, make)
        except CannotRun as trouble:
            wrong.append(trouble.message.rstrip("."))
            return False
        self._must_be_seen(fault, wrong)
        return True

    def _must_be_seen(self, fault: Fault, wrong: list[str]) -> None:
        upcoming = [one for one in fault.symptoms if one.upcoming]
        seen = left(self.host, upcoming, self.fresh()) if upcoming else ()
        if unseen := [one.id for one in upcoming if one.id not in seen]:
            wrong.append(t("not seen after it is broken: {symptoms}", symptoms=", ".join(unseen)))
        if not self._fails():
            wrong.append(t("broken, and every check passes"))

    def _fails(self) -> bool:
        """Whether a check of the lab fails, or cannot look; the guard is one of them."""
        lab = self.bench.lab
        with opened(lab, self.host) as (reader, events):
            report = run_checks(checks_of(lab, self.bench.checker), reader, lab, events=events)
        return report.verdict is not Verdict.PASSED

    def again(self, wrong: list[str]) -> None:
        """Break it anew, where it was mended before."""
        if not wrong and self.case.fault is not None:
            self._carry(t("broken again"), self.case.fault.breaks, wrong)

    def must_mend(self, what: str, steps: Sequence[Step], wrong: list[str]) -> None:
        """Carry out what is to mend it, and look until it is."""
        if wrong or not self._carry(what, steps, wrong):
            return
        found = self._judged(MENDED_S)
        if found.verdict is not Verdict.PASSED:
            wrong.append(t("{what}: not mended: {why}", what=what, why=_why(found)))

    def must_not_mend(self, rest: list[FaultCure], wrong: list[str]) -> None:
        """Carry out what is no cure and look whether it is one; the next of `rest` once that is undone."""
        fault = self.case.fault
        assert fault is not None
        while rest and not wrong:
            way = rest.pop(0)
            for step in way.steps:
                run_step(self.host, step)
            if self._judged(NOT_MENDED_S, MOST_S).verdict is Verdict.PASSED:
                wrong.append(t("the wrong cure “{title}” mends it", title=way.title))
            if not rest or not self._carry("", fault.undo, []):
                return
            if self._judged(MENDED_S / 3).verdict is not Verdict.PASSED:
                return
            self.again(wrong)

    def _carry(self, what: str, steps: Sequence[Step], wrong: list[str]) -> bool:
        for step in steps:
            self.bench.go_on()
            outcome = run_step(self.host, step)
            if outcome.status:
                said = " ".join(outcome.output.split())[-200:]
                wrong.append(t("{what}: step {step} ended with status {status}: {said}",
                               what=what, step=step.id, status=outcome.status, said=said))  # fmt: skip
                return False
        return True

    def _judged(self, within_s: float, most_s: float = math.inf) -> Judgement:
        """Look until it is mended, or the time is over."""
        deadline = time.monotonic() + min(within_s * given_patience(), most_s)
        while True:
            self.bench.go_on()
            found = judge(self.bench.lab, self.bench.checker, self.host, self.repair, self.fresh())
            if found.verdict is Verdict.PASSED or time.monotonic() > deadline:
                return found
            time.sleep(POLL_S)

    def fresh(self) -> LabHost:
        """A lab host for a copy, not started."""
        self.copies += 1
        return self.bench.host(self.number + COPIES**2 * self.copies)


def _why(found: Judgement) -> str:
    """What is not as it is to be: for the author it is no secret."""
    if found.left:
        return t("symptoms left: {symptoms}", symptoms=", ".join(found.left))
    if found.forbidden:
        return t("what the ticket forbids was done")
    from kvmlab.author.prove.judgement import why

    checks = found.report.checks if found.report else ()
    return "; ".join(f"{one.id}: {why(one)}" for one in checks if not one.passed)
