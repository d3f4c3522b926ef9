"""Carrying out a solution: its steps in order, on the lab host or in a guest, as a student would type them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.output import end_of_output

if TYPE_CHECKING:
    from kvmlab.course.lab.solution import Step

STEP_S = 300
BOOT_S = 90
"""How long a step in a guest waits for a guest that the step before has restarted."""
BASH = ("bash", "-euo", "pipefail", "-c", 'code=$(cat); exec </dev/null; eval "$code"')
"""The step comes on standard input, and is read to its end first: `ssh GUEST COMMAND` in it would swallow the rest."""


@dataclass(frozen=True)
class StepOutcome:
    """What became of one step: bash's exit status and the end of what it printed."""

    step: Step
    status: int
    output: str


def run_step(host: LabHost, step: Step, *, timeout_s: float = STEP_S, boot_s: float = BOOT_S) -> StepOutcome:
    """Feed one step to bash on the lab host, or through ssh to the guest's own shell. One that does nothing for
    `timeout_s` seconds, or never comes to an end, ends with status 124."""
    command = BASH if step.guest is None else guest_command(step.guest, "sh", "-eu", "-s")
    argv = host.exec_argv(command, env=[f"KVMLAB_WAIT={boot_s}"])
    status, said = end_of_output(argv, stdin=step.code, silent_s=timeout_s)
    killpoint("solve.step")
    return StepOutcome(step, status, said)


def guest_command(guest: str, *command: str) -> tuple[str, ...]:
    """The argv, on the lab host, that runs `command` in `guest` (ssh there finds a guest by its name)."""
    return ("ssh", "-T", "-o", "BatchMode=yes", "--", guest, *command)
