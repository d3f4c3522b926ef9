"""reach: how ssh on a lab host finds a guest by its domain's name."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.labhost.inside.programs import load

reach = load("reach")
SAID = {
    ("virsh", "domiflist", "web1"): " vnet0  network  default  virtio  52:54:00:aa:bb:01\n",
    ("virsh", "domifaddr", "web1", "--source", "lease"): " vnet0  52:54:00:aa:bb:01  ipv4  192.168.122.50/24\n",
    ("virsh", "domifaddr", "web1", "--source", "arp"): " vnet0  52:54:00:aa:bb:01  ipv4  192.168.122.51/0\n",
    ("virsh", "domifaddr", "web1", "--source", "agent"): (
        " lo    00:00:00:00:00:00  ipv4  127.0.0.1/8\n eth0  52:54:00:aa:bb:01  ipv4  10.0.0.122/24\n"
    ),
    ("ip", "-4", "neigh"): (
        "10.0.0.7 dev br0 lladdr 52:54:00:aa:bb:01 STALE\n"
        "10.0.0.8 dev br0 lladdr 52:54:00:aa:bb:01 FAILED\n"
        "10.0.0.9 dev br0 lladdr 52:54:00:cc:cc:cc REACHABLE\n"
    ),
}


@pytest.fixture(autouse=True)
def _commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "said", lambda *argv: SAID[argv])
    monkeypatch.setenv("KVMLAB_WAIT", "0")


def test_where_the_host_knows_it() -> None:
    """Its leases, its neighbours by MAC; not who failed to answer, and nobody else."""
    assert list(reach.from_host("web1")) == ["192.168.122.50", "192.168.122.51", "10.0.0.7"]


def test_where_the_guest_itself_says_it_is() -> None:
    assert list(reach.from_agent("web1")) == ["10.0.0.122"]


def test_the_first_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    here, _ = socket.socketpair()

    def connected(address: str, port: int) -> socket.socket | None:
        tried.append(f"{address}:{port}")
        return here if address.startswith("10.") else None

    monkeypatch.setattr(reach, "connected", connected)
    monkeypatch.setattr(sys, "argv", ["reach", "web1", "22"])
    assert reach.main() is here
    assert tried == ["192.168.122.50:22", "192.168.122.51:22", "10.0.0.7:22"]


def test_an_address_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(sys, "argv", ["reach", "127.0.0.1", str(server.getsockname()[1])])
        with reach.main() as peer:
            assert peer.getpeername() == server.getsockname()


@pytest.mark.parametrize("name", ["", "-oProxyCommand=x", "a b", "a;b", "x" * 101])
def test_what_is_no_name_is_not_asked_about(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reach", name, "22"])
    with pytest.raises(SystemExit, match="not a guest's name"):
        reach.main()


def test_who_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "connected", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["reach", "web1", "22"])
    with pytest.raises(SystemExit, match=r"web1 does not answer at 192\.168\.122\.50, .*10\.0\.0\.122"):
        reach.main()
