"""The record of a lab that runs: state.labs/<course tag>/<lab>.json, written before anything is done and after.

Which labs run is read from these alone: no podman is asked, nothing is waited for. One that is damaged still says that
its lab was started, so that `kvmlab reset` can be offered.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvmlab.process import has_ended
from kvmlab.state import record
from kvmlab.suspension import NOTICED_S, suspended_s

if TYPE_CHECKING:
    from kvmlab.course.catalogue import Course
    from kvmlab.course.lab.model import Lab
    from kvmlab.paths import State

STARTING, RUNNING, STOPPING = STATES = ("starting", "running", "stopping")
STOPPED, DAMAGED = "stopped", "damaged"


class Run(NamedTuple):
    """A lab that was started and not finished. `state` "damaged": its record cannot be read; "stopped": its lab host
    no longer runs, as after the computer was switched off, and can be started again.

    "starting" or "stopping" found at rest: a kvmlab died in between. `instance`: which lab host, or "";
    `compiled`: the lab as it was started, or None; `started`: when, in ISO 8601, or "";
    `init`: the identity of its lab host's first process (kvmlab.process), or "" where that is not known;
    `suspended_s`: how long this computer had been suspended by then, since its boot.
    """

    lab: str
    state: str
    variant: str | None = None
    started: str = ""
    compiled: "Lab | None" = None
    instance: str = ""
    init: str = ""
    suspended_s: float = 0.0

    @property
    def slept_s(self) -> float:
        """For how long this computer has been suspended while the lab ran, and nobody has set the guests' clocks;
        0 where that is too short to matter."""
        slept = suspended_s() - self.suspended_s
        return slept if self.state == RUNNING and slept > NOTICED_S else 0.0

    @property
    def minutes(self) -> int | None:
        """How long ago it was started; None where that is not known."""
        from datetime import UTC, datetime  # late: it costs two milliseconds

        try:
            moment = datetime.fromisoformat(self.started)
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        return max(0, int((datetime.now(UTC) - moment).total_seconds() // 60))


def runs(state: "State", course: "Course") -> dict[str, Run]:
    """All runs of the course's labs, in the course's order."""
    try:
        there = set(os.listdir(f"{state.root}/labs/{course.tag}"))  # noqa: PTH208
    except OSError:
        return {}
    found = (run_of(state, course.tag, lab_id) for lab_id in course.ids if f"{lab_id}.json" in there)
    return {run.lab: run for run in found if run}


def run_of(state: "State", course_tag: str, lab_id: str) -> Run | None:
    """The run of one lab of the catalogue, or None."""
    try:
        found = record.load(Path(f"{state.root}/labs/{course_tag}/{lab_id}.json"))
        return None if found is None else _run(lab_id, found)
    except (OSError, ValueError):
        return Run(lab_id, DAMAGED)


def _run(lab_id: str, data: object) -> Run:
    if not isinstance(data, dict) or data.get("state") not in STATES or data.get("lab") != lab_id:
        raise ValueError("not a record")
    from kvmlab.course.lab.model import Lab

    variant = data.get("variant")
    if variant is not None:
        from kvmlab.course.names import VARIANT

        if not isinstance(variant, str) or not VARIANT.fullmatch(variant):
            raise ValueError("variant")
    try:
        compiled = Lab.from_json(data.get("compiled"))
    except ValueError:
        compiled = None
    started, instance, init = data.get("started"), data.get("instance"), data.get("init")
    init = init if isinstance(init, str) else ""
    suspended = data.get("suspended_s")
    return Run(
        lab_id,
        STOPPED if data["state"] == RUNNING and has_ended(init) else data["state"],
        variant,
        started if isinstance(started, str) else "",
        compiled,
        instance if isinstance(instance, str) and instance.isalnum() else "",
        init,
        float(suspended) if isinstance(suspended, int | float) else 0.0,
    )


def moment() -> str:
    """Now, in UTC, ISO 8601 to the second."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def record_path(state: "State", course_tag: str, lab: str) -> Path:
    """Where the record of `lab` lies."""
    folder = state.labs / course_tag
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / f"{lab}.json"


def write(state: "State", course_tag: str, run: Run) -> None:
    """Write the record, whole or not at all."""
    compiled = run.compiled.to_json() if run.compiled else None
    record.write(record_path(state, course_tag, run.lab), {**run._asdict(), "compiled": compiled})


def forget(state: "State", course_tag: str, lab: str) -> None:
    """The lab no longer runs."""
    record_path(state, course_tag, lab).unlink(missing_ok=True)
