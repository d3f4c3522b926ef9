"""Grading a lab that runs with a rehearsal of its next start, told step by step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kvmlab.cli.lab import RunningLab
from kvmlab.errors import CannotRun, CouldNotLook
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report


def rehearsed(running: RunningLab, only: Sequence[str] = ()) -> Report:
    """The report; CannotRun where the lab host no longer runs, or there can be no copy of it."""
    from kvmlab.observe.rehearsed_grade import Rehearsing
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import for_a_copy

    rehearsing = Rehearsing(running.lab, running.ctx.course.checker(running.lab_id), only)
    with running.looked_at(), progress() as steps, for_a_copy(running.place, running.host.podman) as fresh:
        return rehearsing.report(running.host, fresh, steps)


def rehearsed_if_it_can_be(running: RunningLab) -> Report:
    """Grade with a rehearsal; without one where it is impossible or shows nothing: then facts about the next start are
    read from what is stored."""
    from kvmlab.observe.grade import grade

    try:
        report = rehearsed(running)
        if report.exit_status != CouldNotLook.status:
            return report
    except CannotRun as trouble:
        print(trouble.message, file=sys.stderr)
    print(t("{lab} is graded without a rehearsal of its next start.", lab=running.lab_id), file=sys.stderr)
    return grade(running.lab, running.ctx.course.checker(running.lab_id), running.known_host)
