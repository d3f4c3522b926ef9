"""`kvmlab check LAB --follow`: how the lab is, a line of JSON whenever that has changed, until standard input ends."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from kvmlab.cli.context import Context
from kvmlab.cli.exam.rules import is_in_exam
from kvmlab.cli.lab import RunningLab, place_of
from kvmlab.cli.noting import note
from kvmlab.errors import KvmlabError
from kvmlab.labhost.record import RUNNING
from kvmlab.observe.follow import Poked, follow

SCHEMA = "kvmlab.follow/1"
LOOK_S = 1.0
"""How often is looked whether a lab that does not run was started."""


def follow_lab(ctx: Context, lab_id: str) -> int:
    """Until standard input ends. Whatever comes there says that somebody is at work, so that it is looked soon."""
    poked = Poked()
    threading.Thread(target=_listen, args=(poked,), daemon=True).start()
    said = None
    while not poked.ended:
        state = _state(ctx, lab_id)
        try:
            if state == RUNNING:
                _follow(RunningLab.of(ctx, lab_id), poked)
                said = None
                continue
            document: dict[str, Any] = {"state": state}
        except KvmlabError as error:
            document = {"state": state, "error": error.message, "todo": error.todo}
        if document != said:
            _say(document)
        said = document
        poked.wait(LOOK_S)
    return 0


def _listen(poked: Poked) -> None:
    while os.read(0, 4096):
        poked.poke()
    poked.end()


def _state(ctx: Context, lab_id: str) -> str:
    """As its record has it (kvmlab.labhost.record); "none" where there is none, "exam" where nothing may be told."""
    if is_in_exam(ctx, lab_id):
        return "exam"
    run = place_of(ctx, lab_id).run()
    return run.state if run else "none"


def _follow(running: RunningLab, poked: Poked) -> None:
    """As long as this lab host runs."""

    def still_there() -> bool:
        run = running.place.run()
        same = run is not None and (run.state, run.instance) == (RUNNING, running.run.instance)
        return same and not is_in_exam(running.ctx, running.lab_id)

    checker = running.ctx.course.checker(running.lab_id)
    for report in follow(running.lab, checker, running.known_host, poked, still_there):
        note(running, report)
        _say({"state": RUNNING, "instance": running.run.instance, "report": report.to_json()})


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"schema": SCHEMA, **document}) + "\n")
    sys.stdout.flush()
