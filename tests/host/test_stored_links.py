"""What the host's next boot does with its links, as ifup says it.

interfaces.json has what the fact server's "network_config" said on a lab host (ifupdown 0.8.44, bridge-utils 1.7.1)
with each of these files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kvmlab.checks.next_start import Phase, live_of
from kvmlab.checks.reader import MissingObject
from kvmlab.errors import CouldNotLook
from kvmlab.host.stored_links import stored_link
from kvmlab.remote.host_connection import NotThere
from tests.host.answering import Answering

SAID: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("interfaces.json").read_text(encoding="utf-8"))
LINKS = [
    {"ifname": "lo"}, {"ifname": "ens33", "linkinfo": {"info_kind": "veth"}},
    {"ifname": "br0", "linkinfo": {"info_kind": "bridge"}}, {"ifname": "vnet0", "linkinfo": {"info_kind": "tun"}},
]  # fmt: skip
WHOLE = {"kind": "bridge", "addresses": ["10.0.0.12/24"], "gateway": "10.0.0.2", "master": None, "ports": ["ens33"],
         "stp": True}  # fmt: skip


def after_a_boot(case: str, link: str = "br0", unit: str = "enabled") -> Any:
    units = {"networking": {"UnitFileState": unit, "ActiveState": "active"}}

    def answer(verb: str, **args: str) -> Any:
        if verb == "services" and args["name"] not in units:
            raise NotThere("no such unit")
        return {"links": LINKS, "network_config": SAID[case], "services": units.get(args.get("name", ""))}[verb]

    return stored_link(Answering(answer), (link,))


@pytest.mark.parametrize("case", [
    "the solution", "the NIC by itself, too", "a file of its own", "words with hyphens", "by commands", "by brctl",
    "made before the script", "STP afterwards", "a comment behind the ports",
])  # fmt: skip
def test_the_bridge_is_there_with_all_that_belongs_to_it(case: str) -> None:
    assert after_a_boot(case) == WHOLE
    port = after_a_boot(case, "ens33")
    assert (port["kind"], port["master"], port["addresses"], port["gateway"]) == ("veth", "br0", [], None)


@pytest.mark.parametrize(("case", "facts"), [
    ("ports none", {"ports": []}), ("a port that is not there", {"ports": []}),
    ("another address", {"addresses": ["10.0.0.21/24"]}), ("no gateway", {"gateway": None}), ("no STP", {"stp": False}),
    ("dhcp", {"addresses": [], "gateway": None}),
])  # fmt: skip
def test_what_is_written_otherwise_is_otherwise(case: str, facts: dict[str, object]) -> None:
    assert after_a_boot(case) == WHOLE | facts


def test_a_port_may_be_added_by_a_command() -> None:
    assert after_a_boot("ports none, and one by hand")["ports"] == ["ens33"]


def test_an_address_left_on_the_port_is_seen() -> None:
    assert after_a_boot("the address on the NIC as well", "ens33")["addresses"] == ["10.0.0.12/24"]


@pytest.mark.parametrize("case", [
    "no ports", "not at boot", "plugged in", "an address misspelt", "a file whose name is passed over", "at the start",
])  # fmt: skip
def test_no_bridge_comes_up(case: str) -> None:
    assert after_a_boot(case) == MissingObject(offers=["lo", "ens33"])


def test_of_a_file_with_a_bad_line_nothing_is_read_and_that_is_said() -> None:
    found = after_a_boot("a method misspelt")
    assert isinstance(found, MissingObject) and "interfaces:6" in found.text and found.see == "ifquery --list"
    assert after_a_boot("a method misspelt", "ens33")["addresses"] == []  # the NIC is there all the same


@pytest.mark.parametrize("unit", ["disabled", "masked", "enabled-runtime"])
def test_a_file_that_no_unit_reads_does_nothing(unit: str) -> None:
    found = after_a_boot("the solution", unit=unit)
    assert isinstance(found, MissingObject) and "networking" in found.text
    assert after_a_boot("the solution", "ens33", unit)["master"] is None


@pytest.mark.parametrize(("case", "word"), [("all ports", "bridge_ports all"), ("a script", "/root/bridge.sh")])
def test_what_is_not_understood_is_not_guessed(case: str, word: str) -> None:
    for link in ("br0", "ens33"):
        with pytest.raises(CouldNotLook, match=word) as trouble:
            after_a_boot(case, link)
        assert trouble.value.todo == "ifup --no-act --force br0"


def test_each_fact_is_seen_in_the_copy_that_has_booted() -> None:
    for name in (*WHOLE, "exists"):
        live = live_of("stored-link", ("br0",), name)
        assert live is not None and live.phase is Phase.BOOT and live.kind in ("link", "route")
    gateway = live_of("stored-link", ("br0",), "gateway")
    assert gateway is not None and gateway.value({"via": "10.0.0.2", "dev": "ens33"}, ("br0",)) is None
