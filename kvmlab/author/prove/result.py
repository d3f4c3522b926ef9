"""What came of a case, and of each thing that was tried in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kvmlab.author.prove.cases import Case
    from kvmlab.author.prove.shown_commands import Unusable
    from kvmlab.errors import KvmlabError
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.steps import StepOutcome
    from kvmlab.observe.inventory import Inventory


class TriedMutant(NamedTuple):
    """What came of one mutant. `by`: the checks that failed or could not look; `why`: why it was not made."""

    name: str
    outcome: str
    seconds: float
    by: tuple[str, ...] = ()
    why: str = ""
    do: str = ""


class TriedFault(NamedTuple):
    """What came of one general fault. `symptoms`: the probes that failed, where it was shown."""

    id: str
    level: int
    outcome: str
    seconds: float
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """What a rehearsal has shown, or why there was none, and how long it took."""

    report: Report | None
    seconds: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case. `steps`: what became of its steps; `trouble`: why it could not be carried out.

    `unanswered`: the quiz's live questions that had no answer then, and why, where they were asked; `on_the_way`: what
    came of the cases that were looked at on its way; `taken_over`: from an earlier run.
    `unusable`: commands that the look shows and that cannot work. `again`: what looking many times has changed.
    `rehearsal`: what a rehearsal at its end has shown. `wrong_fault`: what is wrong with the fault that was
    hidden. `general`: the general faults that were tried, `solved`: in which solved state (see kvmlab.repair.shown).
    `too_soon`: checks that first failed, and then passed by themselves.
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
    mutants: tuple[TriedMutant, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    too_soon: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    rehearsal: RehearsalResult | None = None
    wrong_fault: tuple[str, ...] = ()
    general: tuple[TriedFault, ...] = ()
    solved: str = ""
