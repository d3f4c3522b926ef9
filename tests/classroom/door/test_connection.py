"""Connections that are only held open keep nobody out."""

from __future__ import annotations

from typing import cast

import pytest

from kvmlab.classroom.door import connection
from kvmlab.classroom.door.connection import Counted, DoorConnection
from kvmlab.classroom.door.line import DeskLine


class Connection:
    """Of a client at an address; asyncssh tells of its end later."""

    def __init__(self, counted: Counted, address: str) -> None:
        self.address, self.is_aborted = address, False
        self.visitor = DoorConnection(cast(DeskLine, None), counted)
        self.visitor.connection_made(self)  # type: ignore[arg-type]

    def get_extra_info(self, name: str) -> object:
        return {"peername": (self.address, 1), "username": "2026001"}[name]

    def abort(self) -> None:
        self.is_aborted = True

    def ends(self) -> None:
        self.visitor.connection_lost(None)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    for name, most in {"MOST": 6, "MOST_OUTSIDE": 4, "MOST_FROM_ONE": 3}.items():
        monkeypatch.setattr(connection, name, most)
    return Counted()


def test_who_has_been_outside_longest_goes(counted: Counted) -> None:
    """From the address that has too many, or of all; and what has ended is counted no more."""
    held = [Connection(counted, "10.0.0.66") for _ in range(4)]
    assert [one.is_aborted for one in held] == [True, False, False, False]
    held[0].ends()
    held.append(Connection(counted, "10.0.0.67"))
    comes = Connection(counted, "10.0.0.5")
    assert [one.is_aborted for one in held] == [True, True, False, False, False] and not comes.is_aborted
    for one in [*held[1:], comes]:
        one.ends()
    assert (counted.all, counted.outside, +counted.by_address) == (0, {}, {})


def test_who_has_come_in_does_not_go(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where all have, there is no room."""
    inside = [Connection(counted, "10.0.0.5") for _ in range(3)]
    for one in inside:
        counted.outside.pop(one.visitor)
    refused = Connection(counted, "10.0.0.5")
    assert refused.is_aborted and not any(one.is_aborted for one in inside)
    refused.ends()
    assert counted.all == 3
