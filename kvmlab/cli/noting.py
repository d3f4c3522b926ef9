"""Writing down what a check has found, as progress and for receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmlab.cli.lab import RunningLab
    from kvmlab.grading.verdicts import Report


def note(running: RunningLab, report: Report) -> None:
    """What was reached is progress, and kept for a receipt; a check that could not look changes nothing."""
    from kvmlab.course import ProgressStore

    looked = {task.id: (task.verdict.value, task.points) for task in report.tasks if task.verdict.value != "error"}
    if looked:
        from kvmlab.receipts.evidence import keep

        ctx = running.ctx
        reached = ProgressStore(ctx.state, ctx.course.tag).checked(running.lab, looked)
        keep(ctx.state, ctx.course, running.lab, running.run, report, reached)
