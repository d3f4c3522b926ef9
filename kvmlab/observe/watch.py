"""Looking again and again at one lab host, with connections that stay open, whenever something may have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import TYPE_CHECKING, Protocol

from kvmlab.checks import Host
from kvmlab.course import Lab
from kvmlab.observe.grade import checks_of, named, opened, run_checks

if TYPE_CHECKING:
    from kvmlab.checks.reader import Reader
    from kvmlab.grading.load import CheckSet
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.known_host import KnownLabHost

LIVELY_S = 3.0
"""For how long after a sign of life it is looked often: a command that has begun takes effect a little later."""
OFTEN_S = 0.3
QUIET_S, MOST_QUIET_S = 10.0, 30.0
"""How long is waited where nothing stirs (what happens inside a guest may be seen by nobody): each time longer by the
first, up to the second."""
_SHARE = 5
"""Looking may take a fifth of a processor."""


class WakeableEvents(Protocol):
    """Tells when something happened on the host."""

    def wait(self, timeout_s: float) -> bool:
        """True as soon as something happened, False after `timeout_s`."""

    def wake(self) -> None:
        """Something happened; from any thread."""


class Watch:
    """One lab, looked at again and again."""

    def __init__(self, lab: Lab, checks: CheckSet, reader: Reader, events: WakeableEvents) -> None:
        self._lab, self._checks, self._seen, self._events = lab, checks, Host(reader), events
        self._lively_until = 0.0
        self._quiet = 0  # looks in a row that nothing called for
        self._took = 0.0

    def reports(self, only: Sequence[str], goes_on: Callable[[], bool]) -> Iterator[Report]:
        """A report at once, and each that differs from the one before, for as long as `goes_on`."""
        before = None
        while goes_on():
            report = self.look(only)
            seen = [one.to_json() for one in report.checks]
            if seen != before:
                yield named(report, self._seen)
            before = seen
            self.rest()

    def look(self, only: Sequence[str] = ()) -> Report:
        """What is so now; what is on its way is not waited for."""
        began = process_time()
        report = run_checks(self._checks, self._seen, self._lab, only=only, settle_s=0)
        self._took = process_time() - began
        if any(check.transient for check in report.checks):
            self._lively_until = monotonic() + LIVELY_S
        return report

    def rest(self) -> None:
        """Until something may have changed."""
        began = monotonic()
        lively = began < self._lively_until
        self._quiet = 0 if lively else self._quiet + 1
        self.stirs(OFTEN_S if lively else min(QUIET_S * self._quiet, MOST_QUIET_S))
        sleep(max(0.0, self._took * (_SHARE - 1) - (monotonic() - began)))

    def stirs(self, within_s: float) -> bool:
        """Whether something stirs within so many seconds, as soon as it does."""
        if stirs := self._events.wait(within_s):
            self._lively_until = monotonic() + LIVELY_S
        return stirs

    def wake(self) -> None:
        """Look soon: somebody is at work, or nobody wants to know any more. From any thread."""
        self._events.wake()


@contextmanager
def watched(lab: Lab, checker: Path, host: KnownLabHost) -> Iterator[Watch]:
    """`lab` on this lab host, watched for as long as the block lasts."""
    with opened(lab, host) as (reader, events):
        yield Watch(lab, checks_of(lab, checker), reader, events)
