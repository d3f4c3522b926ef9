"""Grading a lab that runs with a rehearsal of its next start, told step by step."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kvmlab.cli.lab import RunningLab
from kvmlab.errors import CannotRun, CouldNotLook
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report
    from kvmlab.images import BuildProgress
    from kvmlab.labhost.container import LabHost
    from kvmlab.observe.rehearsed_grade import Rehearsing


def rehearsed(running: RunningLab, only: Sequence[str] = ()) -> Report:
    """The report; CannotRun where the lab host no longer runs, or there can be no copy of it."""
    with _at_work(running, only) as (rehearsing, fresh, steps):
        return rehearsing.report(running.host, fresh, steps)


def rehearsed_if_it_can_be(running: RunningLab) -> tuple[Report, dict[str, Any]]:
    """Grade with a rehearsal, and keep what was read; without one where it is impossible or shows nothing: then facts
    about the next start are read from what is stored."""
    from kvmlab.observe.grade import grade_with_evidence

    try:
        with _at_work(running) as (rehearsing, fresh, steps):
            report, facts = rehearsing.report_and_facts(running.host, fresh, steps)
        if report.exit_status != CouldNotLook.status:
            return report, facts
    except CannotRun as trouble:
        print(trouble.message, file=sys.stderr)
    print(t("{lab} is graded without a rehearsal of its next start.", lab=running.lab_id), file=sys.stderr)
    return grade_with_evidence(running.lab, running.ctx.course.checker(running.lab_id), running.known_host)


@contextmanager
def _at_work(running: RunningLab, only: Sequence[str] = ()) -> Iterator[tuple[Rehearsing, LabHost, BuildProgress]]:
    from kvmlab.observe.rehearsed_grade import Rehearsing
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import for_a_copy

    rehearsing = Rehearsing(running.lab, running.ctx.course.checker(running.lab_id), only)
    with running.looked_at(), progress() as steps, for_a_copy(running.place, running.host.podman) as fresh:
        yield rehearsing, fresh, steps
