"""The period of a balloon's statistics: what libvirt's XML says, held against the numbers that come or do not."""

from __future__ import annotations

import time
from typing import Any, cast

import libvirt
import pytest

from kvmlab.checks.reader import Reading
from kvmlab.host.domain import balloon
from kvmlab.host.reader import _balloon_not_blown_up


class Guest:
    """A guest that answers every `every` seconds; None: never again. The clock moves only when somebody waits."""

    def __init__(self, last: float | None, every: int | None) -> None:
        self.now, self._last, self._every = 1000.0, last, every
        self.paused = False

    def state(self) -> tuple[int, int]:
        return (libvirt.VIR_DOMAIN_PAUSED if self.paused else libvirt.VIR_DOMAIN_RUNNING), 1

    def memoryStats(self) -> dict[str, int]:
        if self._last is None:
            return {"actual": 1}
        while self._every and self._last + self._every <= self.now:
            self._last += self._every
        return {"last_update": int(self._last)}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("said", "last", "every", "found", "waited"),
    [
        (5, 997.5, 5, 5, False),  # as libvirt was told, and it is so
        (5, None, None, 5, False),  # its driver has never answered: nothing to hold against the XML
        (5, 900.0, None, None, True),  # stopped in qemu
        (5, 900.0, 60, None, True),  # slower than the XML says
        (None, 998.2, 7, 7, True),  # set past libvirt
        (None, 900.0, None, None, False),  # asked for once, long ago
        (None, None, None, None, False),
    ],
)
def test_the_period_in_force(
    monkeypatch: pytest.MonkeyPatch,
    said: int | None,
    last: float | None,
    every: int | None,
    found: int | None,
    waited: bool,
) -> None:
    guest = Guest(last, every)
    monkeypatch.setattr(time, "time", lambda: guest.now)
    monkeypatch.setattr(time, "monotonic", lambda: guest.now)
    monkeypatch.setattr(time, "sleep", guest.sleep)
    assert balloon.period_s(cast(Any, guest), said) == found
    assert (guest.now > 1000) is waited and guest.now < 1000 + 2 * (balloon.LONGEST_S + balloon.LATE_S)


def test_a_paused_guest_answers_nobody() -> None:
    guest = Guest(900.0, None)
    guest.paused = True
    assert balloon.period_s(cast(Any, guest), 5) == 5


@pytest.mark.parametrize(
    ("live", "stored", "found"),
    [
        ("256 / 256 MiB", "128 / 256 MiB", True),
        ("128 / 256 MiB", "128 / 256 MiB", False),
        ("200 / 256 MiB", "128 / 256 MiB", False),  # somebody has let air out
        ("256 / 256 MiB", "256 / 256 MiB", False),
        ("256 / 256 MiB", "128 / 384 MiB", False),  # the start of before
        (None, "128 / 256 MiB", False),
    ],
)
def test_a_balloon_that_is_not_blown_up_yet(live: str | None, stored: str, found: bool) -> None:
    said = {name: Reading(value) for name, value in (("live memory", live), ("stored memory", stored)) if value}
    assert _balloon_not_blown_up(said) is found
