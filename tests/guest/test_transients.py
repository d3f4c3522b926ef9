"""What is not so yet and may be in a moment is told as that, with its cause, and never as a wrong fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kvmlab.guest.guests import Guests
from tests.guest.test_search import DOMAIN, LINKS, MAC, NIC, Host

UNLEASED = replace(DOMAIN, nics=(replace(NIC, leases=()),))


def host(key: Path, **more: object) -> Host:
    made = Host(key, seen=UNLEASED, names=("web1",), uptime=3.0)
    return replace(made, **more)  # type: ignore[arg-type]


def guests(seen: Host) -> Guests:
    return Guests(seen, seen.key, {"web1": "192.168.122.11"})


def test_a_guest_that_has_just_been_started(key: Path) -> None:
    for asked in (guests(host(key)).no_answer("192.168.122.11"), guests(host(key)).no_lease("web1")):
        assert asked is not None and asked.transient
        assert "was started 3 s ago and is not up yet" in asked.message and asked.todo == "virsh console web1"
    assert guests(host(key)).no_lease_for(MAC) is not None
    assert guests(host(key)).booting("web1") is not None and guests(host(key)).booting("nobody") is None
    assert guests(host(key)).no_lease_for("52:54:00:00:00:00") is None


UP: Sequence[dict[str, object]] = (
    {"uptime": 3600.0},
    {"uptime": None},  # not known: nobody claims anything
    {"console": "Welcome\n\nweb1 login: "},
    {"uptime": 60.0},  # and nothing is to be seen of it: it does not boot at all
    {"seen": replace(UNLEASED, agent_connected=True), "agent": {"eth0": ["10.0.0.7/24"]}},
    {"seen": replace(UNLEASED, reason="restored")},
    {"seen": replace(UNLEASED, state="paused")},
)


@pytest.mark.parametrize("more", UP)
def test_one_that_is_up_or_will_never_be_is_not_on_its_way(key: Path, more: dict[str, object]) -> None:
    asked = guests(host(key, **more))
    assert asked.no_answer("192.168.122.11") is asked.no_lease("web1") is asked.booting("web1") is None


STARTING: Sequence[dict[str, object]] = (
    {"uptime": 100.0, "console": "[    7.1] Freeing unused kernel image memory"},  # on a busy computer
    {"seen": replace(UNLEASED, agent_connected=True), "agent": {"eth0": []}},
)


@pytest.mark.parametrize("more", STARTING)
def test_one_that_boots_slowly_is_on_its_way_as_long_as_it_does_boot(key: Path, more: dict[str, object]) -> None:
    assert guests(host(key, **more)).no_answer("192.168.122.11") is not None


def test_the_port_of_a_bridge_that_listens(key: Path) -> None:
    links = LINKS | {"vnet0": replace(LINKS["vnet0"], port_state="listening")}
    asked = guests(host(key, uptime=3600.0, the_links=links)).no_answer("192.168.122.11")
    assert asked is not None and asked.transient and asked.todo == "bridge link show dev vnet0"
    elsewhere = LINKS | {"ens33": replace(LINKS["vnet0"], name="ens33", master="br9", port_state="listening")}
    assert guests(host(key, uptime=3600.0, the_links=elsewhere)).no_answer("192.168.122.11") is None


def test_a_guest_that_has_just_been_given_another_plug(key: Path) -> None:
    seen = host(key, uptime=3600.0, changed=4.0)
    for asked in (guests(seen).no_lease("web1"), guests(seen).no_lease_for(MAC)):
        assert asked is not None and asked.transient and "was changed 4 s ago and has no lease yet" in asked.message
    assert guests(seen).no_answer("192.168.122.11") is None
    for later in (host(key, uptime=3600.0, changed=100.0), host(key, uptime=3600.0, changed=None)):
        assert guests(later).no_lease("web1") is None


def test_an_address_that_is_no_guests(key: Path) -> None:
    assert guests(host(key)).no_answer("10.0.0.2") is None


def test_a_guest_is_found_by_its_lease(key: Path) -> None:
    leased = replace(DOMAIN, nics=(replace(NIC, leases=("192.168.122.99",)),))
    assert guests(host(key, seen=leased)).no_answer("192.168.122.99") is not None
