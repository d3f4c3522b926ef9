"""Carrying out a case: a lab host, the steps, then looking until the verdicts can change no more."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from kvmlab.author.bench import Bench, CaseResult, Quiet
from kvmlab.author.cases import Case
from kvmlab.author.looking import look_until_decided
from kvmlab.author.proof import Proof
from kvmlab.author.resetting import carry_reset
from kvmlab.environment.inventory import take_inventory
from kvmlab.environment.launch import lab_host
from kvmlab.environment.solving import StepOutcome, run_step
from kvmlab.errors import KvmlabError
from kvmlab.host import given_patience

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost

STEP_S = 120
"""How long one step may take where something is wrong on purpose; $KVMLAB_PATIENCE stretches it."""
BOOT_S = 45
"""How long a step in a guest then waits for that guest."""


def carry_out(bench: Bench, case: Case, number: int) -> CaseResult:
    """One case from its start to its end, its lab host removed. Raises Stopped, and nothing else."""
    began = time.time()
    clock = time.monotonic()
    try:
        carry = carry_reset if case.proof is Proof.RESET else _carry_story
        result = carry(bench, case, number)
    except KvmlabError as trouble:
        result = {"trouble": trouble}
    return CaseResult(case, began, time.monotonic() - clock, **result)  # type: ignore[arg-type]


def _carry_story(bench: Bench, case: Case, number: int) -> dict[str, object]:
    host = bench.host(number)
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        with lab_host(host, bench.materials, bench.lab, Quiet()):
            bench.go_on()
        inventory = take_inventory(host) if case.proof is Proof.START else None
        steps = carry_steps(bench, host, case)
        broken = case.right and steps and steps[-1].status and not steps[-1].step.look
        report = None if broken else look_until_decided(bench, host, case)
    return {"steps": steps, "report": report, "inventory": inventory}


def carry_steps(bench: Bench, host: LabHost, case: Case) -> tuple[StepOutcome, ...]:
    """The case's steps in order. A right way ends at the first that fails; what is wrong on purpose goes on."""
    outcomes = []
    for step in case.steps:
        bench.go_on()
        limits = {} if case.right else {"timeout_s": STEP_S * given_patience(), "boot_s": BOOT_S}
        outcomes.append(run_step(host, step, **limits))
        if case.right and outcomes[-1].status and not step.look:
            break
    return tuple(outcomes)
