"""Connections that are only held open keep nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from kvmlab.page.classroom import outside as module
from kvmlab.page.classroom.outside import Outside


class Held:
    """A connection, as asyncio shows it."""

    def __init__(self) -> None:
        self.is_aborted = False

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


def come(outside: Outside, *ports: int) -> list[Held]:
    """Connections from these ports, one after the other."""
    held = [Held() for _ in ports]
    for port, one in zip(ports, held, strict=True):
        outside.comes(("10.0.0.5", port), cast(asyncio.Transport, one))
    return held


def run(work: Callable[[Outside], Awaitable[None]]) -> None:
    async def worked() -> None:
        await work(Outside())

    asyncio.run(worked())


def test_where_there_are_too_many_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """But not who has come in, and one that has gone by itself is not counted."""
    monkeypatch.setattr(module, "MOST", 3)

    async def work(outside: Outside) -> None:
        held = come(outside, 1, 2, 3)
        outside.has_come_in(("10.0.0.5", 1))
        held += come(outside, 4, 5)
        assert [one.is_aborted for one in held] == [False, True, False, False, False]
        held[2].abort()
        held += come(outside, 6)
        assert [one.is_aborted for one in held] == [False, True, True, False, False, False]

    run(work)


def test_who_does_not_come_in_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that was used again is another connection."""
    monkeypatch.setattr(module, "LOGIN_S", 0.0)

    async def work(outside: Outside) -> None:
        first, second = come(outside, 1, 2)
        outside.has_come_in(("10.0.0.5", 2))
        (again,) = come(outside, 1)
        outside.has_come_in(("10.0.0.5", 1))
        while outside._there:
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert not second.is_aborted and not again.is_aborted
        (late,) = come(outside, 3)
        while not late.is_aborted:
            await asyncio.sleep(0.01)
        assert outside._there == {} and not first.is_aborted

    run(work)


def test_what_was_tried_is_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of another one that has the same port later; and of so many it is known."""
    monkeypatch.setattr(module, "MOST_KNOWN", 3)

    async def work(outside: Outside) -> None:
        come(outside, 1)
        assert [outside.has_tried(("10.0.0.5", 1)) for _ in range(3)] == [1, 2, 3]
        come(outside, 1)
        assert outside.has_tried(("10.0.0.5", 1)) == 1
        for port in range(2, 20):
            outside.has_tried(("10.0.0.5", port))
        assert len(outside._tries) <= 3

    run(work)
