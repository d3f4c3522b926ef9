"""Beginning a repair: the lab's solution carried out, the picture of that state taken, the fault hidden in it.

The fault is made as a colleague would have made it: its commands come over standard input, so that no file, no history
and no line of a process tells of them, and nothing of kvmlab's environment stays with what they start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.course.fault.model import Fault
from kvmlab.course.lab.fences import Step
from kvmlab.errors import CannotRun
from kvmlab.grading.verdicts import Report, Verdict
from kvmlab.host.start.aspects import Objects, objects_of
from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.steps import run_step
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.repair import record
from kvmlab.repair.judging import changed_by_the_fault, forbidden_aspects
from kvmlab.repair.record import OPEN, Repair
from kvmlab.repair.steps import carry_out
from kvmlab.repair.symptoms import is_seen
from kvmlab.setup.materials import has_libvirt
from kvmlab.setup.start_record import PictureConnections, pictures, recall
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress

SOLVED_S, BROKEN_S, POLL_S = 120.0, 30.0, 1.0
"""How long the solution may take to pass, and a fault to be seen ($KVMLAB_PATIENCE stretches both)."""
Make = Callable[["Beginning"], Fault]
"""Breaks the solved lab host, and says what that was."""


@dataclass(frozen=True)
class Beginning:
    """A repair of `lab` to be begun on `host`, which is as at the lab's start. `checker`: the lab's; `solution`: its
    steps."""

    lab: Lab
    checker: Path
    solution: Sequence[Step]
    host: LabHost
    progress: BuildProgress

    def hide(self, repair: Repair, make: Make) -> Repair:
        """Solve the lab, and have a fault made; that it is being hidden was noted before anybody was told that it runs.
        CannotRun where the solution does not pass here, or the fault is not to be seen."""
        killpoint("repair.noted")
        self.progress.step(t("bringing the lab host into the state it is to have"), None)
        self.solve()
        self.remember()
        killpoint("repair.solved")
        self.progress.step(t("something goes wrong"), None)
        fault = make(self)
        killpoint("repair.broken")
        solved, broken = self._before_and_after()
        made = repair._replace(
            state=OPEN,
            fault=fault,
            granted=changed_by_the_fault(solved, broken),
            handed_over=forbidden_aspects(broken, fault.forbids),
            began=repair.began or time.time(),
        )
        record.keep(self.host, made)
        killpoint("repair.open")
        return made

    def _before_and_after(self) -> tuple[Objects, Objects]:
        """What the fault has changed. Where libvirt answers no more, that is the fault, and nothing else is known."""
        try:
            solved, broken = pictures(self.host)
        except CannotRun:
            if (known := recall(self.host)) is None:
                raise
            solved = broken = known
        return objects_of(solved), objects_of(broken)

    def solve(self) -> None:
        """Carry out the solution, and wait until all checks pass."""
        for step in self.solution:
            outcome = run_step(self.host, step)
            if outcome.status and not step.look:
                message = t("Step {step} ended with status {status}.", step=step.id, status=outcome.status)
                raise CannotRun(message, f"kvmlab solve {self.lab.id}")
        self.must_pass()

    def must_pass(self) -> None:
        """Wait until all checks pass. CannotRun where they do not."""
        if (report := self._until_it_passes()).verdict is not Verdict.PASSED:
            checks = ", ".join(one.id for one in report.checks if not one.passed)
            message = t("The solution of {lab} does not pass here: {checks}.", lab=self.lab.id, checks=checks)
            raise CannotRun(message, "kvmlab doctor")

    def report(self) -> Report:
        """What the lab's checks find now, the guard among them."""
        with opened(self.lab, self.host) as (reader, events):
            return run_checks(checks_of(self.lab, self.checker), reader, self.lab, events=events)

    def _until_it_passes(self) -> Report:
        deadline = time.monotonic() + SOLVED_S * given_patience()
        with opened(self.lab, self.host) as (reader, events):
            while True:
                report = run_checks(checks_of(self.lab, self.checker), reader, self.lab, events=events)
                if report.verdict is Verdict.PASSED or time.monotonic() > deadline:
                    return report
                events.wait(POLL_S)

    def remember(self) -> None:
        """From here on the solved state is what the lab host had at its start."""
        PictureConnections(self.host, has_libvirt=has_libvirt(self.lab)).remember(self.lab, solved=True)

    def break_it(self, fault: Fault) -> Fault:
        """Carry out what breaks it, and wait until each symptom that is to be seen at once is seen."""
        carry_out(self.host, fault.breaks)
        waiting = [one for one in fault.symptoms if not one.upcoming]
        deadline = time.monotonic() + BROKEN_S * given_patience()
        while waiting := [one for one in waiting if not is_seen(self.host, one)]:
            if time.monotonic() > deadline:
                message = t(
                    "A fault of {lab} is not to be seen here: {symptom}.", lab=self.lab.id, symptom=waiting[0].id
                )
                raise CannotRun(message, f"kvmlab repair {self.lab.id}")
            time.sleep(POLL_S)
        return fault
