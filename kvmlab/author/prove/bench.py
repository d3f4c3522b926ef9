"""What all cases of one lab in one variant share, and what came of a case."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.author.prove.cases import Case
from kvmlab.errors import KvmlabError
from kvmlab.labhost.container import LabHost

if TYPE_CHECKING:
    from kvmlab.author.prove.general_case import TriedFault
    from kvmlab.author.prove.mutant_trial import Tried
    from kvmlab.author.prove.rehearsals import RehearsalResult
    from kvmlab.author.prove.shown_commands import Unusable
    from kvmlab.course import Course, Lab
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.steps import StepOutcome
    from kvmlab.observe.inventory import Inventory
    from kvmlab.paths import State
    from kvmlab.setup.materials import Materials


class Stopped(Exception):
    """The run of prove is to end: no case begins anything new."""


@dataclass(frozen=True)
class Bench:
    """A lab in one variant, with what its lab hosts are made from. `tag`: of this run of prove (see leftovers).

    `resume`: what an earlier run has found out is taken over.
    """

    course: Course
    lab: Lab
    materials: Materials
    state: State
    tag: str
    stop: threading.Event
    resume: bool = False

    @property
    def checker(self) -> Path:
        """The lab's checker."""
        return self.course.checker(self.lab.id)

    def host(self, number: int) -> LabHost:
        """A new lab host, not started yet; its name says which run of prove it belongs to."""
        return LabHost(f"{self.tag}.{self.lab.id}", str(number), self.state, self.materials.podman)

    def go_on(self) -> None:
        """Raise Stopped if the run is to end."""
        if self.stop.is_set():
            raise Stopped


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case. `steps`: what became of its steps; `trouble`: why it could not be carried out.

    `unanswered`: the quiz's live questions that had no answer then, and why, where they were asked; `on_the_way`: what
    came of the cases that were looked at on its way; `taken_over`: from an earlier run.
    `unusable`: commands that the look shows and that cannot work. `again`: what looking many times has changed.
    `rehearsal`: what a rehearsal at its end has shown. `wrong_fault`: what is wrong with the fault that was
    hidden. `general`: the general faults that were tried, `solved`: in
    which solved state (see kvmlab.repair.shown). `too_soon`: checks that first failed, and
    then passed by themselves.
    """

    case: Case
    began: float
    seconds: float
    report: Report | None = None
    steps: tuple[StepOutcome, ...] = ()
    inventory: Inventory | None = None
    trouble: KvmlabError | None = None
    lab_hosts: int = 1
    unanswered: Mapping[str, str] | None = None
    on_the_way: tuple[CaseResult, ...] = ()
    taken_over: bool = False
    mutants: tuple[Tried, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    too_soon: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    rehearsal: RehearsalResult | None = None
    wrong_fault: tuple[str, ...] = ()
    general: tuple[TriedFault, ...] = ()
    solved: str = ""
