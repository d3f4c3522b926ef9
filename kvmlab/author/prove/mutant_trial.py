"""Trying mutants: on one lab host after the solution, each is made, looked at with the checks, and undone.

A mutant is caught where a check fails, or cannot look (nothing then passes wrongly). It has survived where two looks in
a row pass everything. After it is undone the solved state has to pass again, else another lab host is taken.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kvmlab.author.prove import kept_results
from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.decided_look import all_passed, failed, look, verdicts
from kvmlab.author.prove.result import TriedMutant
from kvmlab.course.lab.fences import Step
from kvmlab.errors import CannotRun
from kvmlab.images import Quiet
from kvmlab.labhost.steps import StepOutcome, run_step
from kvmlab.liveness import Silence
from kvmlab.mutants.library import drawn, mutants_of
from kvmlab.mutants.mutator import Mutant
from kvmlab.mutants.reader import Noting, things
from kvmlab.observe.grade import opened
from kvmlab.setup.lab_host import lab_host
from kvmlab.setup.libvirtd import connected
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.container import LabHost

SOLVED_S, CAUGHT_S, UNDONE_S, SCARS_S = 120, 6, 8, 40
"""How long the solution may take to pass; a change to be seen; what was undone to pass again, with and without a guest
that has been off or a bridge that learns anew; longer on a slow computer, but never longer than a new lab host took."""
STEP_S, BOOT_S = 60, 10
CUT_OFF_S = 1.5  # a guest that a change may have cut off, and says nothing for so long, is entered anew
POLL_S = 0.4
HOSTS = 1000  # numbers for lab hosts of one case
CAUGHT, SURVIVED, NOT_MADE = "caught", "survived", "not made"


def carry_mutants(bench: Bench, case: Case, number: int) -> dict[str, object]:
    """The mutants of one case's part, one after the other."""
    stage = Stage(bench, case, number)
    tried = kept_results.noted(bench, case, TriedMutant)
    try:
        with stage.host():
            known = {one.name for one in tried}
            todo = [mutant for mutant in stage.mutants() if mutant.name not in known]
        while todo:
            with stage.host():
                while todo and not stage.spoilt:
                    tried.append(kept_results.note(bench, case, stage.attempt(todo.pop(0))))
    finally:
        stage.leave()
    return {"mutants": tuple(tried), "lab_hosts": stage.hosts}


@dataclass
class Stage:
    """Lab hosts in the solved state, one at a time: a new one where the last is `spoilt`."""

    bench: Bench
    case: Case
    number: int
    hosts: int = 0
    spoilt: bool = True
    _lab_host: LabHost | None = None
    _noting: Noting | None = None
    _made_in_s: float = 0.0
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @contextlib.contextmanager
    def host(self) -> Iterator[None]:
        """One in the solved state for the block; it stays for the next block unless it is spoilt by then."""
        if self.spoilt:
            self._begin()
        yield
        if self.spoilt:
            self.leave()

    def leave(self) -> None:
        """Remove the lab host."""
        self._stack.close()
        if self._lab_host is not None:
            self._lab_host.remove()
            self._lab_host = None

    def _begin(self) -> None:
        self.leave()
        clock = time.monotonic()
        host = self._lab_host = self.bench.host(self.number * HOSTS + self.hosts)
        self.hosts += 1
        with lab_host(host, self.bench.materials, self.bench.lab, Quiet()):
            self.bench.go_on()
        for step in self.case.steps:
            self.bench.go_on()
            outcome = run_step(host, step)
            if outcome.status and not step.look:
                raise CannotRun(t("the solution did not get that far"))
        self._noting = Noting(self._stack.enter_context(opened(self.bench.lab, host))[0])
        if not self._passes(SOLVED_S * given_patience()):
            raise CannotRun(t("the solution does not pass here"))
        self.spoilt = False
        self._made_in_s = time.monotonic() - clock

    @property
    def _here(self) -> LabHost:
        assert self._lab_host is not None
        return self._lab_host

    def mutants(self) -> list[Mutant]:
        """Those of this case's part, as the draw has it."""
        part = self.case.part
        assert self._noting is not None and part is not None
        with contextlib.ExitStack() as stack:
            connection = None
            with contextlib.suppress(CannotRun):  # a lab without libvirt
                connection = stack.enter_context(connected(self._here.root, Silence(5)))
            everything = mutants_of(things(self._noting, connection, self.bench.lab))
        return drawn(everything, part.draw.number, part.draw.seed)[part.number :: part.of]

    def attempt(self, mutant: Mutant) -> TriedMutant:
        """Make it, look, undo it."""
        self.bench.go_on()
        clock = time.monotonic()
        done = self._run(mutant.change.do, mutant)
        if done.status:
            self._undo(mutant)
            why = " ".join(done.output.split())[-200:]
            return TriedMutant(mutant.name, NOT_MADE, time.monotonic() - clock, why=why, do=mutant.change.do)
        by = self._caught_by()
        self._undo(mutant)
        outcome = CAUGHT if by else SURVIVED
        return TriedMutant(mutant.name, outcome, time.monotonic() - clock, tuple(by), do=mutant.change.do)

    def _run(self, code: str, mutant: Mutant) -> StepOutcome:
        step = Step("mutant", mutant.change.guest or None, code, False, "", 0)
        done = run_step(self._here, step, timeout_s=STEP_S * given_patience(), boot_s=BOOT_S * given_patience())
        if mutant.change.scars and self._noting is not None:
            self._noting.reader.guests.hang_up_on_the_silent(CUT_OFF_S * given_patience())
        return done

    def _undo(self, mutant: Mutant) -> None:
        self._run(mutant.change.undo, mutant)
        within_s = (SCARS_S if mutant.change.scars else UNDONE_S) * given_patience()
        self.spoilt = not self._passes(min(within_s, self._made_in_s))

    def _look(self) -> Report:
        assert self._noting is not None
        return look(self.bench, self._noting, settle_s=0.0)

    def _caught_by(self) -> list[str]:
        """The checks that fail, or cannot look and it does not pass; none where everything passes twice."""
        deadline, passed = time.monotonic() + CAUGHT_S * given_patience(), 0
        while True:
            report = self._look()
            if caught := failed(report):
                return sorted(caught)
            passed = passed + 1 if all_passed(report) else 0
            if passed == 2:
                return []
            on_its_way = any(check.transient for check in report.checks)
            if not passed and (not on_its_way or time.monotonic() > deadline):
                return sorted(name for name, verdict in verdicts(report).items() if verdict == "error")
            time.sleep(POLL_S)

    def _passes(self, within_s: float) -> bool:
        """Whether everything passes, now or soon."""
        deadline = time.monotonic() + within_s
        while not all_passed(self._look()):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True
