"""A kvmlab that will be killed on purpose: `python -m kvmlab.author.prove.victim` resets or solves a lab, as standard
input says.

It is a process of its own because SIGKILL (KVMLAB_DIE_AT, see kvmlab.killpoints) must hit nobody else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kvmlab.course import Course
from kvmlab.errors import KvmlabError
from kvmlab.images import Quiet
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.steps import run_step
from kvmlab.paths import State
from kvmlab.setup.lifecycle import reset


def main(order: dict[str, Any]) -> int:
    """Do it; where nothing kills us, 0."""
    state = State(Path(order["state"]))
    course = Course.load(Path(order["course"]), state)
    lab = course.lab(order["lab"], "en", order["variant"])
    place = LabPlace(state, order["course_tag"], lab.id)
    if order["verb"] == "reset":
        reset(place, lab, Quiet())
        return 0
    record = place.run()
    if record is None:
        print("no lab host", file=sys.stderr)
        return 1
    with place.lock():
        steps = [step for step in course.solutions(lab)[0].steps if not step.look]
        host = place.host(record, remembered_podman(state))
        for one in steps:
            if run_step(host, one).status:
                break
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(json.load(sys.stdin)))
    except KvmlabError as error:
        print(error.message, file=sys.stderr)
        raise SystemExit(error.status) from None
