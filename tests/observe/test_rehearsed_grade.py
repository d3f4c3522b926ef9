"""What a rehearsal waits for in the copy before it looks."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.observe.rehearsed_grade import wait_for_balloon


class Booting:
    """A reader of a guest whose kernel gives memory back some time after it was started; no sizes: it does not run."""

    def __init__(self, *live: int) -> None:
        self._live = list(live)

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        if key[1] == "stored":
            return {"memory_mib": Reading(320)}
        if not self._live:
            return MissingObject()
        return {"memory_mib": Reading(self._live.pop(0) if len(self._live) > 1 else self._live[0])}


@pytest.mark.parametrize(("live", "settled"), [((384, 384, 320), True), ((320,), True), ((384,), False), ((), False)])
def test_a_guest_starts_with_its_maximum_and_gives_the_rest_back(live: tuple[int, ...], settled: bool) -> None:
    """What is stored is so only when its kernel has booted; one that never does is not waited for without end."""
    assert wait_for_balloon(Booting(*live), "web1", time.monotonic() + 1.0) is settled
