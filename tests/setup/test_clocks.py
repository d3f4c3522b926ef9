"""The clock of a restored guest is set before the start ends: by its agent, else over SSH; of a paused one before it
is paused. (On real guests: tests/promises/test_clock.py.)"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import libvirt
import pytest

from kvmlab.setup import clocks, guests
from kvmlab.setup.clocks import clocks_set, set_by_agent


class Domain:
    """Notes what is done to it; its agent is deaf for the first `deaf` times."""

    def __init__(self, deaf: int) -> None:
        self.deaf = deaf
        self.done: list[str] = []
        self.clock = 0.0

    def setTime(self, moment: dict[str, int]) -> None:
        self.deaf -= 1
        if self.deaf >= 0:
            raise libvirt.libvirtError("QEMU guest agent is not connected")
        self.clock = moment["seconds"] + moment["nseconds"] / 1e9
        self.done.append("clock")

    def suspend(self) -> None:
        self.done.append("suspend")


def connection(domain: Domain) -> Any:
    return Mock(lookupByName=lambda _: domain, defineXML=lambda _: domain)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "AGENT_S", 0.5)


def test_the_agent_is_asked_until_it_hears() -> None:
    domain = Domain(deaf=3)
    assert set_by_agent(connection(domain), "web1")
    assert abs(domain.clock - time.time()) < 5


def test_without_an_agent_the_clock_is_set_over_ssh() -> None:
    for deaf, by_ssh in ((0, 0), (10**6, 1)):
        host = Mock()
        with clocks_set(connection(Domain(deaf)), host, ["web1"]):
            assert not host.execute.called  # what the block does goes on meanwhile
        assert host.execute.call_count == by_ssh
    assert "web1" in host.execute.call_args.args[0][-1]


def test_a_paused_guest_hears_it_before_it_is_paused() -> None:
    domain = Domain(deaf=1)
    spec = SimpleNamespace(name="web1", state="paused")
    guests._bring_up(connection(domain), cast(Any, SimpleNamespace(spec=spec, xml="<domain/>")), True)
    assert domain.done == ["clock", "suspend"]
