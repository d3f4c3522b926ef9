"""The record of a lab that runs: state.labs/COURSE/LAB.json, written before anything is done and after.

Whoever finds it "starting" or "stopping" knows that a kvmlab died in between, and what it left behind.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kvmlab.paths import State, write_atomic

STARTING, RUNNING, STOPPING = "starting", "running", "stopping"


@dataclass(frozen=True)
class Running:
    """One record. `compiled` is the lab as it was when it was started, as `Lab.to_json` gives it."""

    lab: str
    variant: str | None
    instance: str
    container: str
    state: str
    started: str
    compiled: dict[str, Any]

    def now(self, state: str) -> Running:
        """The same, in another state."""
        return replace(self, state=state)


def moment() -> str:
    """Now, in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def record_path(state: State, course_tag: str, lab: str) -> Path:
    """Where the record of `lab` lies."""
    folder = state.labs / course_tag
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / f"{lab}.json"


def read(state: State, course_tag: str, lab: str) -> Running | None:
    """The record, or None where there is none that can be read."""
    try:
        return Running(**json.loads(record_path(state, course_tag, lab).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(state: State, course_tag: str, record: Running) -> None:
    """Write the record, whole or not at all."""
    text = json.dumps(asdict(record), ensure_ascii=False)
    write_atomic(record_path(state, course_tag, record.lab), text)


def forget(state: State, course_tag: str, lab: str) -> None:
    """The lab no longer runs."""
    record_path(state, course_tag, lab).unlink(missing_ok=True)
