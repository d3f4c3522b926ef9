"""A lab that is watched: told when it is another than before, and looked at no more often than it may."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kvmlab.observe import watch
from kvmlab.observe.watch import LIVELY_S, MOST_QUIET_S, OFTEN_S, QUIET_S, Watch
from tests.checks.memory import Memory


class Clock:
    """Time that only waiting moves; something happens at `moments`."""

    def __init__(self, *moments: float) -> None:
        self.now, self.moments, self.waits = 1000.0, list(moments), list[float]()

    def wait(self, timeout_s: float) -> bool:
        self.waits.append(timeout_s)
        end = self.now + timeout_s
        self.now = min([end, *(moment for moment in self.moments if moment > self.now)])
        return self.now in self.moments

    def wake(self) -> None:
        self.moments.append(self.now)


def watched(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(watch, "monotonic", lambda: clock.now)
    monkeypatch.setattr(watch, "sleep", lambda _: None)
    return Watch(cast(Any, None), cast(Any, None), Memory({}), clock)


def test_it_looks_often_for_a_while_after_something_stirs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(1004.0)
    found = watched(clock, monkeypatch)
    while clock.now < 1030:
        found.rest()
    often = [seconds for seconds in clock.waits if seconds == OFTEN_S]
    assert clock.waits[0] == QUIET_S and clock.waits[-2:] == [QUIET_S, 2 * QUIET_S]
    assert len(often) == pytest.approx(LIVELY_S / OFTEN_S, abs=1)


def test_it_looks_ever_less_where_nothing_stirs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    found = watched(clock, monkeypatch)
    for _ in range(5):
        found.rest()
    assert clock.waits == [QUIET_S, 2 * QUIET_S, MOST_QUIET_S, MOST_QUIET_S, MOST_QUIET_S]


def test_what_is_seen_again_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def report(verdict: str) -> Any:
        return SimpleNamespace(checks=[SimpleNamespace(to_json=lambda: verdict)], verdict=verdict)

    coming = [report("failed"), report("failed"), report("error"), report("passed")]

    class Told(Watch):
        def look(self, only: Sequence[str] = ()) -> Any:
            return coming.pop(0)

    monkeypatch.setattr(watch, "sleep", lambda _: None)
    told = Told(cast(Any, None), cast(Any, None), Memory({}), Clock())
    assert [str(one.verdict) for one in told.reports((), lambda: bool(coming))] == ["failed", "error", "passed"]
