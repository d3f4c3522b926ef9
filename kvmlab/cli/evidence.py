"""A check that keeps what it has read: the document of `kvmlab check --evidence`, kvmlab.evidence/1."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.cli.lab import RunningLab
from kvmlab.cli.output import write_document

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report

SCHEMA = "kvmlab.evidence/1"


def graded_and_kept(running: RunningLab, file: Path) -> Report:
    """Look at all tasks once; report and facts go into `file`, for its owner's eyes only."""
    from kvmlab.observe.grade import grade_with_evidence
    from kvmlab.report.progress import waiting

    ctx, lab = running.ctx, running.lab
    checker = ctx.course.checker(running.lab_id)
    with waiting() as tell:
        report, facts = grade_with_evidence(lab, checker, running.known_host, waiting=tell)
    keep(file, running, report, facts)
    return report


def keep(file: Path, running: RunningLab, report: Report, facts: dict[str, Any]) -> None:
    """Write the document, for its owner's eyes only."""
    write_document(file, evidence_of(running, report.to_json(), facts))


def evidence_of(running: RunningLab, report: Mapping[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Everything that the same report can be made from again, and of which lab host it is."""
    from kvmlab import __version__
    from kvmlab.course.progress import now
    from kvmlab.course.version import lab_version

    return {
        "schema": SCHEMA,
        "kvmlab": __version__,
        "course": running.ctx.course.tag,
        "lab": running.lab_id,
        "lab_version": lab_version(running.ctx.course, running.lab_id),
        "variant": running.run.variant,
        "parameters": running.lab.values,
        "lab_host": running.run.instance,
        "begun": running.run.started,
        "taken": now(),
        "facts": facts,
        "report": report,
    }
