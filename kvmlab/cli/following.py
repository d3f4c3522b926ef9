"""`kvmlab check LAB --follow`: how the lab is, a line of JSON whenever that has changed, until standard input ends."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kvmlab.cli.context import Context
from kvmlab.cli.exam.rules import is_in_exam
from kvmlab.cli.lab import RunningLab, place_of
from kvmlab.cli.noting import note
from kvmlab.errors import KvmlabError
from kvmlab.labhost.record import RUNNING

SCHEMA = "kvmlab.follow/1"
LOOK_S = 1.0
"""How often is looked whether a lab that does not run was started."""


class Input:
    """Standard input: whatever comes there says that somebody is at work; its end, that nobody wants to know more."""

    def __init__(self) -> None:
        self.ended = False
        self._came = threading.Event()
        self._wake: Callable[[], None] = self._came.set
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Until something comes, so long at most."""
        self._came.wait(seconds)
        self._came.clear()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Whatever comes calls `wake` until the block ends."""
        self._wake, before = wake, self._wake
        try:
            yield
        finally:
            self._wake = before

    def _listen(self) -> None:
        while os.read(0, 4096):
            self._wake()
        self.ended = True
        self._wake()


def follow_lab(ctx: Context, lab_id: str) -> int:
    """Until standard input ends."""
    asked = Input()
    said = None
    while not asked.ended:
        state = _state(ctx, lab_id)
        try:
            if state == RUNNING:
                _follow(RunningLab.of(ctx, lab_id), asked)
                said = None
                continue
            document: dict[str, Any] = {"state": state}
        except KvmlabError as error:
            document = {"state": state, "error": error.message, "todo": error.todo}
        if document != said:
            _say(document)
        said = document
        asked.wait(LOOK_S)
    return 0


def _state(ctx: Context, lab_id: str) -> str:
    """As its record has it (kvmlab.labhost.record); "none": there is none; "exam", "repair": nothing may be told."""
    if is_in_exam(ctx, lab_id):
        return "exam"
    place = place_of(ctx, lab_id)
    run = place.run()
    if run and run.instance and place.known_host(run).is_repair:
        return "repair"
    return run.state if run else "none"


def _follow(running: RunningLab, asked: Input) -> None:
    """As long as this lab host runs."""

    def goes_on() -> bool:
        run = running.place.run()
        same = run is not None and (run.state, run.instance) == (RUNNING, running.run.instance)
        return same and not asked.ended and not is_in_exam(running.ctx, running.lab_id)

    of = {"state": RUNNING, "instance": running.run.instance}
    _say(of)
    from kvmlab.observe.watch import watched  # half of what a start takes

    checker = running.ctx.course.checker(running.lab_id)
    with watched(running.lab, checker, running.known_host) as watch, asked.waking(watch.wake):
        for report in watch.reports((), goes_on):
            note(running, report)
            _say({**of, "report": report.to_json()})


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"schema": SCHEMA, **document}) + "\n")
    sys.stdout.flush()
