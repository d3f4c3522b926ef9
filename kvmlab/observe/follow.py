"""A lab followed: a report whenever something has changed, until nobody wants to know any more.

The connections to its lab host stay. libvirt tells of what it knows; of the rest nobody tells, so it is looked at
soon after somebody was seen to work (`Poked.poke`), and ever more rarely while nothing happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.observe.grade import checks_of, opened, run_checks

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report
    from kvmlab.host.events import Events
    from kvmlab.labhost.known_host import KnownLabHost

SOONEST_S = 0.15
LATEST_S = 20.0
SLOWER = 1.5
"""By how much each wait is longer than the one before, from the soonest to the latest."""
EVENTS_S = 5.0


class Poked:
    """Somebody is at work: told by another thread."""

    def __init__(self) -> None:
        self._happened = threading.Event()
        self.ended = False

    def poke(self) -> None:
        """Look soon."""
        self._happened.set()

    def end(self) -> None:
        """Nobody wants to know any more."""
        self.ended = True
        self._happened.set()

    def wait(self, seconds: float) -> bool:
        """Wait for it, so long at most; whether it has happened."""
        happened = self._happened.wait(seconds)
        self._happened.clear()
        return happened


def follow(
    lab: Lab, checker: Path, host: KnownLabHost, poked: Poked, still_there: Callable[[], bool]
) -> Iterator[Report]:
    """A report at once, and each one that differs from the one before. Ends when `poked` has, or another runs."""
    with opened(lab, host) as (reader, events), _listening(events, poked):
        checks, before, rest = checks_of(lab, checker), None, SOONEST_S
        while still_there() and not poked.ended:
            began = monotonic()
            report = run_checks(checks, reader, lab, settle_s=0)
            seen = [(one.id, one.verdict, one.findings, one.error) for one in report.checks]
            if seen != before:
                yield report
                before, rest = seen, SOONEST_S
            if poked.wait(max(rest, monotonic() - began)):  # a slow computer is not kept busy with looking
                sleep(SOONEST_S)  # what was begun takes a moment
                rest = SOONEST_S
            rest = min(rest * SLOWER, LATEST_S)


@contextmanager
def _listening(events: Events, poked: Poked) -> Iterator[None]:
    """What libvirt tells of counts as work, until the block ends."""
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            if events.wait(EVENTS_S) and not over.is_set():
                poked.poke()

    threading.Thread(target=listen, name="kvmlab-follow", daemon=True).start()
    try:
        yield
    finally:
        over.set()
