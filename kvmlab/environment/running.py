"""The record of a lab that runs: state.labs/COURSE/LAB.json, written before anything is done and after.

Read by course.runs, which whoever wants to know what runs asks.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from kvmlab.course.runs import Run
from kvmlab.paths import State, write_atomic


def moment() -> str:
    """Now, in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def record_path(state: State, course_tag: str, lab: str) -> Path:
    """Where the record of `lab` lies."""
    folder = state.labs / course_tag
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / f"{lab}.json"


def write(state: State, course_tag: str, run: Run) -> None:
    """Write the record, whole or not at all."""
    compiled = run.compiled.to_json() if run.compiled else None
    text = json.dumps({**run._asdict(), "compiled": compiled}, ensure_ascii=False)
    write_atomic(record_path(state, course_tag, run.lab), text)


def forget(state: State, course_tag: str, lab: str) -> None:
    """The lab no longer runs."""
    record_path(state, course_tag, lab).unlink(missing_ok=True)
