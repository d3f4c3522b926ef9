"""Carrying out what breaks a lab host, as a colleague would have typed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.labhost.steps import run_step
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course.lab.fences import Step
    from kvmlab.labhost.container import LabHost


def carry_out(host: LabHost, steps: Sequence[Step]) -> None:
    """Steps as a colleague would type them. CannotRun where one fails."""
    for step in steps:
        outcome = run_step(host, replace(step, code=f"unset KVMLAB_WAIT\n{step.code}"))
        if outcome.status:
            message = t("Step {step} ended with status {status}.", step=step.id, status=outcome.status)
            raise CannotRun(message, "kvmlab doctor")
