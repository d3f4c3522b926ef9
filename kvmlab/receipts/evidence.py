"""What `kvmlab check` keeps of a lab's best run, for a receipt: progress/<course tag>/evidence/<lab>.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.course.progress import LabProgress, now
from kvmlab.course.version import lab_version
from kvmlab.paths import State
from kvmlab.state import record

if TYPE_CHECKING:
    from kvmlab.course import Course, Lab
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.record import Run


def keep(state: State, course: Course, lab: Lab, run: Run, report: Report, progress: LabProgress) -> None:
    """Keep the report of a check of all tasks, unless a better one of the same version of the lab is there.

    A run in which `kvmlab solve` was used is nobody's own, and is not kept.
    """
    if progress.solved or any(check.verdict.value == "error" for check in report.checks):
        return
    if [task.id for task in report.tasks] != [task.id for task in lab.tasks]:
        return
    version, was = lab_version(course, lab.id), kept(state, course.tag, lab.id)
    if was and was.get("lab_version") == version and _points(was) > report.points:
        return
    found = {
        "lab": lab.id,
        "lab_version": version,
        "variant": lab.variant,
        "parameters": lab.values,
        "lab_host": run.instance,
        "begun": run.started,
        "taken": now(),
        "hints": dict(progress.hints),
        "report": report.to_json(),
    }
    path = _path(state, course.tag, lab.id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    record.write(path, found)


def kept(state: State, course_tag: str, lab_id: str) -> dict[str, Any] | None:
    """What was kept of a lab, or None; what cannot be read is nothing."""
    try:
        found = record.load(_path(state, course_tag, lab_id))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _points(evidence: dict[str, Any]) -> int:
    try:
        return int(evidence["report"]["points"])
    except (KeyError, TypeError, ValueError):
        return -1


def _path(state: State, course_tag: str, lab_id: str) -> Path:
    """`lab_id` is one of the catalogue."""
    return state.root / "progress" / course_tag / "evidence" / f"{lab_id}.json"
