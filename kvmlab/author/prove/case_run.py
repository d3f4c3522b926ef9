"""Carrying out a case: a lab host, the steps, then looking until the verdicts can change no more."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kvmlab.author.prove import kept_results
from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.decided_look import all_passed, look_until_decided
from kvmlab.author.prove.fault_case import carry_fault
from kvmlab.author.prove.general_case import carry_general
from kvmlab.author.prove.live_questions import unanswered
from kvmlab.author.prove.mutant_trial import carry_mutants
from kvmlab.author.prove.proof import Proof
from kvmlab.author.prove.rehearsals import rehearse
from kvmlab.author.prove.repeated_looks import look_again
from kvmlab.author.prove.reset_case import carry_reset, remembered_inventory
from kvmlab.author.prove.result import CaseResult
from kvmlab.author.prove.shown_commands import unusable
from kvmlab.errors import CannotRun, KvmlabError
from kvmlab.images import Quiet
from kvmlab.labhost.steps import BOOT_S, STEP_S, StepOutcome, run_step
from kvmlab.setup.lab_host import lab_host
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course.lab.solution import Step
    from kvmlab.labhost.container import LabHost

RIGHT = {"timeout_s": STEP_S, "boot_s": BOOT_S}
"""How long one step may take, and how long a step in a guest waits for that guest; $KVMLAB_PATIENCE stretches both.
A busy computer boots slowly, and a step that did not wait long enough would leave undone what it is there for."""
WRONG = {"timeout_s": 120, "boot_s": 45}
"""Likewise where something is wrong on purpose, and the guest may not come at all."""


def carry_out(bench: Bench, case: Case, number: int) -> CaseResult:
    """One case from its start to its end, its lab host removed. Raises Stopped, and nothing else."""
    began = time.time()
    clock = time.monotonic()
    try:
        result = CARRY.get(case.proof, _carry_story)(bench, case, number)
    except KvmlabError as trouble:
        result = {"trouble": trouble}
    bench.go_on()  # else its lab host may have been swept away under it
    told = CaseResult(case, began, time.monotonic() - clock, **result)  # type: ignore[arg-type]
    kept_results.keep(bench, told)
    return told


def _carry_story(bench: Bench, case: Case, number: int) -> dict[str, object]:
    host = bench.host(number)
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        with lab_host(host, bench.materials, bench.lab, Quiet()):
            bench.go_on()
        steps: tuple[StepOutcome, ...] = ()
        passed = []
        for part in case.on_the_way:
            began, clock = time.time(), time.monotonic()
            steps = carry_steps(bench, host, case, part.steps, steps)
            seen = _seen(bench, host, part, steps)
            passed.append(CaseResult(part, began, time.monotonic() - clock, **seen))  # type: ignore[arg-type]
        steps = carry_steps(bench, host, case, case.steps, steps)
        seen = {} if _broken(case, steps) else _looked(bench, host, case)
    return {"steps": steps, "on_the_way": tuple(passed), **seen}


def _seen(bench: Bench, host: LabHost, part: Case, steps: tuple[StepOutcome, ...]) -> dict[str, object]:
    """What is to be seen half-way; trouble where the solution did not get that far."""
    if any(one.status and not one.step.look for one in steps):
        return {"trouble": CannotRun(t("the solution did not get that far"))}
    return _looked(bench, host, part)


def _looked(bench: Bench, host: LabHost, case: Case) -> dict[str, object]:
    """The last look, and what else is asked for."""
    report, too_soon = look_until_decided(bench, host, case)
    tried = unusable(host, report, everything=case.right or case.proof is Proof.START)
    again = look_again(bench, host) if case.look_again and all_passed(report) else ()
    rehearsal = rehearse(bench, host) if case.rehearsed else None
    asked = _asked(bench, host, case)
    return {
        "report": report,
        "too_soon": tuple(sorted(too_soon)),
        "unusable": tried,
        "again": again,
        "rehearsal": rehearsal,
        **asked,
    }


def _asked(bench: Bench, host: LabHost, case: Case) -> dict[str, object]:
    """What else is asked for: everything there is at the start; the quiz's answers, then and after the solution."""
    asked: dict[str, object] = {}
    if case.proof in (Proof.START, Proof.SOLUTION):
        asked["unanswered"] = unanswered(bench, host)
    if case.proof is Proof.START:
        asked["inventory"] = remembered_inventory(bench, host)
    return asked


def _broken(case: Case, steps: Sequence[StepOutcome]) -> bool:
    """Whether a right way has ended at a step that failed and was not to."""
    return bool(case.right and any(one.status and not one.step.look and one.step.id not in case.fails for one in steps))


def carry_steps(
    bench: Bench, host: LabHost, case: Case, steps: Sequence[Step], done: tuple[StepOutcome, ...] = ()
) -> tuple[StepOutcome, ...]:
    """`steps` in order, those that are `done` left out; the outcomes of all.

    A right way ends at the first that fails; what is wrong on purpose goes on.
    """
    outcomes = list(done)
    for step in steps[len(done) :]:
        if _broken(case, outcomes):
            break
        bench.go_on()
        limits = {name: value * given_patience() for name, value in (RIGHT if case.right else WRONG).items()}
        outcomes.append(run_step(host, step, **limits))
    return tuple(outcomes)


CARRY: dict[Proof, Callable[[Bench, Case, int], dict[str, object]]] = {
    Proof.RESET: carry_reset,
    Proof.MUTANTS: carry_mutants,
    Proof.FAULTS: carry_fault,
    Proof.GENERAL: carry_general,
}
"""What is no story of steps with a look at their end."""
