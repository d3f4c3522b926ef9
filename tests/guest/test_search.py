# ruff: noqa: E501 (tables are read better in one line)
"""Finding guests and saying why they are not reached: real SSH to peers in this process, a host made up for the test."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from kvmlab.checks.reader import MissingObject, Want
from kvmlab.errors import CouldNotLook
from kvmlab.guest.diagnose import last_line
from kvmlab.guest.guests import Guests
from kvmlab.guest.search import eui64
from kvmlab.guest.surroundings import DomainSeen, LinkSeen, Neighbour, NicSeen
from kvmlab.remote.ssh import Session, connect
from tests.guest.test_reader import IP_BUSYBOX, framed
from tests.remote.servers import babble, make_key, pair, serve, silent

MAC = "52:54:00:aa:bb:01"
NIC = NicSeen(MAC, "default", "virbr0", "vnet0", True, "default", True, ("192.168.122.11",))
DOMAIN = DomainSeen("web1", "uuid", "running", "booted", (NIC,), False)
LINKS = {
    "virbr0": LinkSeen("virbr0", True, None, ("192.168.122.1/24",)),
    "vnet0": LinkSeen("vnet0", True, "virbr0", ("fe80::fc54:ff:feaa:bb01/64",)),
}


@dataclass
class Host:
    """Surroundings of a test's choice. `peers`: who is at an address; nobody else answers."""

    key: Path
    peers: dict[str, Callable[[socket.socket], None]] = field(default_factory=dict)
    seen: DomainSeen | None = DOMAIN
    names: Sequence[str] = ("web1", "web10")
    the_links: dict[str, LinkSeen] = field(default_factory=lambda: dict(LINKS))
    heard: Sequence[Neighbour] = ()
    uptime: float | None = 3600.0
    changed: float | None = 3600.0
    agent: dict[str, list[str]] | None = None
    console: str = ""
    tried: list[str] = field(default_factory=list)
    by_agent: bytes | None = None
    asked_agent: list[str] = field(default_factory=list)
    left: dict[str, Session] = field(default_factory=dict)
    _session: Session | None = None

    def standing(self, address: str) -> Session | None:
        return self.left.pop(address, None)

    def session(self) -> Session:
        if self._session is None:
            ours, theirs = pair()
            serve(theirs, self.key, lambda *_: None, self._tunnel)
            self._session = connect(ours, self.key, timeout_s=5)
        return self._session

    def _tunnel(self, address: str, port: int) -> socket.socket | None:
        self.tried.append(address)
        if address not in self.peers:
            return None
        ours, theirs = pair()
        self.peers[address](theirs)
        return ours

    def domain(self, name: str) -> DomainSeen | None:
        return self.seen if self.seen and self.seen.name == name else None

    def domains(self) -> Sequence[str]:
        return self.names

    def links(self) -> dict[str, LinkSeen]:
        return self.the_links

    def neighbours(self) -> Sequence[Neighbour]:
        return self.heard

    def uptime_s(self, domain: str) -> float | None:
        return self.uptime

    def changed_s(self, domain: str) -> float | None:
        return self.changed

    def port_22(self, address: str) -> str:
        return "open" if address in self.peers else "No route to host"

    def agent_addresses(self, domain: DomainSeen) -> dict[str, list[str]] | None:
        return self.agent

    def agent_look(self, domain: DomainSeen, command: str) -> bytes:
        self.asked_agent.append(command)
        if self.by_agent is None:
            raise CouldNotLook("the agent does not answer")
        return self.by_agent

    def console_tail(self, domain: DomainSeen) -> str:
        return self.console


def guest_at(key: Path, mac: str = MAC) -> Callable[[socket.socket], None]:
    """A guest that answers, with this MAC address."""

    def answer(command: str, channel: Any) -> None:
        channel.sendall(
            framed({"addr": IP_BUSYBOX.replace("52:54:00:AA:bb:01", mac), "hostname": "web1\n", "route": ""})
        )

    return lambda stream: serve(stream, key, answer)


def guests(host: Host, addresses: dict[str, str] | None = None, patience: float = 0.2) -> Guests:
    return Guests(host, host.key, addresses, patience=patience)


def trouble(host: Host, address: str = "", name: str = "web1") -> CouldNotLook:
    began = time.monotonic()
    with pytest.raises(CouldNotLook) as raised:
        guests(host).read("guest-addresses", (name, address), ["addresses"])
    assert time.monotonic() - began < 10
    return raised.value


def addresses(host: Host, address: str = "", **more: Any) -> object:
    found = guests(host, **more).read("guest-addresses", ("web1", address), ["addresses"])
    assert isinstance(found, dict)
    return found["addresses"]


# --- found -----------------------------------------------------------------------------------------------


def test_at_the_address_it_is_expected_at(key: Path) -> None:
    host = Host(key, {"10.0.0.122": guest_at(key)})
    assert addresses(host, "10.0.0.122", patience=1) == ["10.0.0.122/24"]
    assert host.tried == ["10.0.0.122"]


def left_at(key: Path, address: str, mac: str = MAC) -> Host:
    """A host where nobody answers any more, with a connection to a guest that was left standing."""
    ours, theirs = pair()
    guest_at(key, mac)(theirs)
    return Host(key, left={address: connect(ours, key, timeout_s=5)})


def test_over_a_connection_that_stands(key: Path) -> None:
    host = left_at(key, "10.0.0.122")
    assert addresses(host, "10.0.0.122", patience=1) == ["10.0.0.122/24"]
    assert host.tried == [] and host.left == {}


def test_a_stranger_is_not_believed_over_a_connection_that_stands_either(key: Path) -> None:
    assert "10.0.0.122" in str(trouble(left_at(key, "10.0.0.122", "52:54:00:99:99:99"), "10.0.0.122"))


def test_by_its_lease(key: Path) -> None:
    assert addresses(Host(key, {"192.168.122.11": guest_at(key)}), patience=1)


def test_by_its_address_at_the_start(key: Path) -> None:
    host = Host(key, {"192.168.122.77": guest_at(key)})
    assert addresses(host, addresses={"web1": "192.168.122.77"}, patience=1)


def test_elsewhere_than_expected(key: Path) -> None:
    """A wrong address inside is a fact to be read, not a guest out of reach."""
    nic = replace(NIC, leases=())
    host = Host(
        key, {"10.0.0.122": guest_at(key)}, replace(DOMAIN, nics=(nic,)), heard=[Neighbour("10.0.0.122", MAC, "br0")]
    )
    assert addresses(host, "10.0.0.199", patience=1) == ["10.0.0.122/24"]


def test_by_its_link_local_address(key: Path) -> None:
    links = LINKS | {"virbr0": replace(LINKS["virbr0"], addresses=("fe80::1/64",))}
    host = Host(key, {"fe80::5054:ff:feaa:bb01%virbr0": guest_at(key)}, the_links=links)
    assert addresses(host, patience=1)


def test_by_what_its_agent_says(key: Path) -> None:
    nic = replace(NIC, leases=())
    host = Host(key, {"10.7.7.7": guest_at(key)}, replace(DOMAIN, nics=(nic,)), agent={"eth0": ["10.7.7.7/24"]})
    assert addresses(host, patience=1)


def test_eui64() -> None:
    assert eui64("52:54:00:12:34:56") == "fe80::5054:ff:fe12:3456"


def test_a_decoy_at_its_address_is_not_it(key: Path) -> None:
    decoy = guest_at(key, "52:54:00:aa:bb:99")
    found = trouble(Host(key, {"10.0.0.122": decoy}), "10.0.0.122")
    assert "at 10.0.0.122 another computer answers, not web1" in found.message
    host = Host(key, {"10.0.0.122": decoy, "192.168.122.11": guest_at(key)})
    assert addresses(host, "10.0.0.122", patience=1)


def test_it_is_entered_once_and_again_when_it_has_gone(key: Path) -> None:
    host = Host(key, {"10.0.0.122": guest_at(key)})
    all_ = guests(host, patience=1)
    all_.prefetch(
        [Want("guest-addresses", ("web1", "10.0.0.122"), ("addresses",)), Want("guest-route", ("web1", "", "x"), ())]
    )
    for kind in ("guest-addresses", "guest-route"):
        all_.read(kind, ("web1", "10.0.0.122", "default"), [])
    all_.refresh()
    all_.read("guest-addresses", ("web1", ""), [])
    assert host.tried == ["10.0.0.122"]
    all_._entered["web1"].get(0).close()
    all_.refresh()
    all_.read("guest-addresses", ("web1", "10.0.0.122"), [])
    assert host.tried == ["10.0.0.122"] * 2


# --- not found, and why ----------------------------------------------------------------------------------


def test_no_such_domain(key: Path) -> None:
    found = trouble(Host(key), name="web2")
    assert "there is no domain web2 (did you mean `web1`?)" in found.message
    assert (found.todo, found.transient) == ("virsh list --all", False)


STATES = [
    ("shut off", "destroyed", "virsh start web1"),
    ("paused", "user", "virsh resume web1"),
    ("crashed", "panicked", "virsh start web1"),
]


@pytest.mark.parametrize(("state", "reason", "todo"), STATES)
def test_it_does_not_run(key: Path, state: str, reason: str, todo: str) -> None:
    found = trouble(Host(key, seen=replace(DOMAIN, state=state, reason=reason)), "10.0.0.122")
    assert found.message == f"Guest web1 cannot be reached: its domain is {state} ({reason})."
    assert found.todo == todo


def test_it_has_no_interface(key: Path) -> None:
    assert "has no network interface" in trouble(Host(key, seen=replace(DOMAIN, nics=()))).message


WIRING = {
    "its link is down": (replace(NIC, link_up=False), LINKS, "is set down", "virsh domif-setlink web1 " + MAC + " up"),
    "its network is not active": (replace(NIC, network_active=False), LINKS, "network default is not active", "virsh net-start default"),
    "its bridge is gone": (NIC, {"vnet0": LINKS["vnet0"]}, "its bridge virbr0 does not exist", "ip link show type bridge"),
    "its tap is not in the bridge": (
        NIC, LINKS | {"vnet0": replace(LINKS["vnet0"], master=None)}, "vnet0 is not a port of virbr0", "ip link set vnet0 master virbr0",
    ),
    "its bridge is down": (
        NIC, LINKS | {"virbr0": replace(LINKS["virbr0"], up=False, set_up=False)}, "its bridge virbr0 is down", "ip link set virbr0 up",
    ),
    "its tap is down": (
        NIC, LINKS | {"vnet0": replace(LINKS["vnet0"], up=False, set_up=False)}, "tap device vnet0 is down", "ip link set vnet0 up",
    ),
    "its bridge has no carrier": (
        NIC, LINKS | {"virbr0": replace(LINKS["virbr0"], up=False)}, "has no port that carries anything", "ip link show master virbr0",
    ),
    "its port is closed by the spanning tree": (
        NIC, LINKS | {"vnet0": replace(LINKS["vnet0"], port_state="blocking")}, "is blocking", "bridge link show dev vnet0",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("nic", "links", "reason", "todo"), WIRING.values(), ids=WIRING.keys())
def test_its_wiring(key: Path, nic: NicSeen, links: dict[str, LinkSeen], reason: str, todo: str) -> None:
    found = trouble(Host(key, seen=replace(DOMAIN, nics=(nic,)), the_links=links))
    assert reason in found.message
    assert (found.todo, found.transient) == (todo, False)


@pytest.mark.parametrize("state", ["listening", "learning"])
def test_a_port_that_does_not_forward_yet_is_on_its_way(key: Path, state: str) -> None:
    """The bridge has no carrier then, and is not down: `ip link set up` would change nothing."""
    links = {"virbr0": replace(LINKS["virbr0"], up=False), "vnet0": replace(LINKS["vnet0"], port_state=state)}
    found = trouble(Host(key, the_links=links))
    assert state in found.message and "is down" not in found.message
    assert (found.todo, found.transient) == ("bridge link show dev vnet0", True)


def test_the_agent_knows_better_than_whoever_answers_at_an_old_address(key: Path) -> None:
    """Its lease is old: somebody's SSH at that address is not the reason why the guest is not reached."""
    host = Host(key, {"192.168.122.11": silent}, agent={"eth0": ["10.0.0.7/24"]})
    found = trouble(host)
    assert "10.0.0.7" in found.message and "virbr0 has 192.168.122.1/24" in found.message


def test_one_broken_wire_of_two_is_not_the_reason(key: Path) -> None:
    broken = replace(NIC, mac="52:54:00:aa:bb:02", link_up=False, leases=())
    found = trouble(Host(key, seen=replace(DOMAIN, nics=(broken, NIC))))
    assert "is set down" not in found.message


def test_it_is_booting(key: Path) -> None:
    console = "[    0.1] Linux\r\n\x1b[1;32mStarting \x1b]0;x\x07network\x1b[0m...\r\n\r\n"
    found = trouble(Host(key, uptime=4.2, console=console))
    assert found.transient
    assert "it was started 4 s ago and does not answer yet" in found.message
    assert "\x1b" not in found.message and "\x07" not in found.message


def test_it_hangs_in_boot(key: Path) -> None:
    """After its time it is no longer taken for booting."""
    found = trouble(Host(key, uptime=500, console="Kernel panic"))
    assert not found.transient


def test_no_lease_and_nothing_heard(key: Path) -> None:
    found = trouble(Host(key, seen=replace(DOMAIN, nics=(replace(NIC, leases=()),))))
    assert "network default has given it no lease, and it has not been heard there" in found.message


def test_no_answer_on_the_bridge(key: Path) -> None:
    nic = NicSeen(MAC, "br0", "br0", "vnet0", True, None, False, ())
    links = {"br0": LinkSeen("br0", True, None, ("10.0.0.12/24",)), "vnet0": LinkSeen("vnet0", True, "br0", ())}
    found = trouble(Host(key, seen=replace(DOMAIN, nics=(nic,)), the_links=links), "10.0.0.122")
    assert "bridge br0 has no answer from 10.0.0.122" in found.message


def test_its_agent_tells_of_another_network(key: Path) -> None:
    found = trouble(Host(key, agent={"eth0": ["172.16.0.5/16"]}))
    assert "its guest agent says it has 172.16.0.5/16 (eth0), but virbr0 has 192.168.122.1/24" in found.message
    assert "it has no IPv4 address" in trouble(Host(key, agent={"eth0": []})).message


PEERS = {
    "accepts and says nothing": silent,
    "does not speak SSH": babble,
    "closes the connection": socket.socket.close,
}


@pytest.mark.parametrize(("said", "peer"), PEERS.items(), ids=PEERS.keys())
def test_what_answers_is_no_good(key: Path, said: str, peer: Callable[[socket.socket], None]) -> None:
    found = trouble(Host(key, {"10.0.0.122": peer}), "10.0.0.122")
    assert "10.0.0.122" in found.message
    assert said in found.message


def test_it_refuses_our_key(key: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_key(tmp_path / "other" / "key")
    found = trouble(Host(key, {"10.0.0.122": guest_at(other)}), "10.0.0.122")
    assert "SSH at 10.0.0.122 refuses the checker's key" in found.message
    assert not found.transient


def test_port_22_is_closed(key: Path) -> None:
    class Closed(Host):
        def port_22(self, address: str) -> str:
            return "Connection refused"

    assert "nothing listens at 10.0.0.122 port 22" in trouble(Closed(key), "10.0.0.122").message
    assert trouble(Closed(key, uptime=3), "10.0.0.122").transient


def test_the_host_itself_cannot_be_asked(key: Path) -> None:
    class Dead(Host):
        def domain(self, name: str) -> DomainSeen | None:
            raise CouldNotLook("libvirtd on the lab host does not answer.")

    assert trouble(Dead(key), "10.0.0.122").message == "libvirtd on the lab host does not answer."
    assert trouble(Dead(key, {"10.0.0.122": guest_at(key)}), "10.0.0.122").message.startswith("libvirtd")


def flooding(key: Path) -> Callable[[socket.socket], None]:
    def answer(command: str, channel: Any) -> None:
        while True:
            channel.sendall(b"\x1b]0;owned\x07" * 4096)

    return lambda stream: serve(stream, key, answer)


def test_a_guest_that_prints_without_end(key: Path) -> None:
    found = trouble(Host(key, {"10.0.0.122": flooding(key)}), "10.0.0.122")
    assert "it printed more than" in found.message


def test_a_guest_that_answers_nothing(key: Path) -> None:
    host = Host(key, {"10.0.0.122": lambda stream: serve(stream, key, lambda *_: time.sleep(60))})
    found = trouble(host, "10.0.0.122")
    assert "does not answer" in found.message


def test_the_last_line_of_a_console() -> None:
    assert last_line("one\r\ntwo\r\n\r\n") == "two"
    assert last_line("\x1b[31m\x1b[0m\n") == ""
    assert last_line("x" * 500) == "x" * 100


def refusing(key: Path) -> Callable[[socket.socket], None]:
    """A guest whose SSH knows another key than ours: root is locked, or its authorized_keys empty."""
    other = make_key(key.with_name("another_key"))
    return lambda stream: serve(stream, other, lambda *_: None)


def test_where_ssh_refuses_us_the_agent_answers(key: Path) -> None:
    answer = framed({"addr": IP_BUSYBOX})
    host = Host(key, {"192.168.122.11": refusing(key)}, replace(DOMAIN, agent_connected=True), by_agent=answer)
    found = guests(host).read("guest-addresses", ("web1", ""), ["addresses"])
    assert not isinstance(found, MissingObject)
    assert found["addresses"] == ["10.0.0.122/24"]
    assert all(re.fullmatch(r"snapshot( [a-z]+)+", command) for command in host.asked_agent)


def test_where_none_answers_it_says_which_were_tried(key: Path) -> None:
    for connected in (True, False):
        host = Host(key, {"192.168.122.11": refusing(key)}, replace(DOMAIN, agent_connected=connected))
        assert "refuses the checker's key, and its guest agent does not answer" in trouble(host).message
        assert bool(host.asked_agent) == connected


def test_a_guest_that_nobody_hears_is_not_asked_by_its_agent(key: Path) -> None:
    """What the lab is about is that the network leads there: that is said, not passed by."""
    host = Host(key, {}, replace(DOMAIN, agent_connected=True), by_agent=framed({"addr": IP_BUSYBOX}))
    assert trouble(host).message and host.asked_agent == []
