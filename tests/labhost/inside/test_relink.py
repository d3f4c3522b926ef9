"""relink: how a copy of a lab host gets the links and routes that the first one has."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from tests.labhost.inside.programs import load

relink = load("relink")
Link = dict[str, Any]


def link(name: str, *addresses: str, kind: str = "", up: bool = True, **more: Any) -> Link:
    """A link as `ip -j -d address` tells of it."""
    parts = [address.split("/") for address in addresses]
    info = [{"family": "inet", "local": local, "prefixlen": int(prefix)} for local, prefix in parts]
    flags = ["BROADCAST", *(["UP"] if up else [])]
    return {"ifname": name, "flags": flags, "linkinfo": {"info_kind": kind}, "addr_info": info, **more}


ENS33 = link("ens33", "10.0.0.12/24", kind="veth")


def commands(
    monkeypatch: pytest.MonkeyPatch, wanted: list[Link], there: list[Link], routes: list[dict[str, Any]] | None = None
) -> list[str]:
    """What it does: the `ip` commands that change something."""
    done: list[str] = []
    made = {one["ifname"]: one for one in there}

    def ip(*words: str) -> str:
        if words[0] == "-j":
            return json.dumps(list(made.values()))
        done.append(" ".join(words))
        if words[:2] == ("link", "add"):
            name = words[words.index("name") + 1]
            made[name] = link(name, up=False)
        return ""

    monkeypatch.setattr(relink, "ip", ip)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"address": wanted, "route": routes or []})))
    relink.main()
    return done


def test_what_is_as_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tap, lo = link("vnet0", kind="tun", master="virbr0"), link("lo", "127.0.0.1/8", "10.9.9.9/32")
    assert commands(monkeypatch, [ENS33, tap, lo], [ENS33, link("lo", "127.0.0.1/8")]) == []


def test_a_bridge_gets_the_nic_and_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [link("ens33", kind="veth", master="br0"), link("br0", "10.0.0.12/24", kind="bridge")]
    assert commands(monkeypatch, wanted, [ENS33]) == [
        "link add name br0 type bridge",
        "address flush dev ens33", "link set ens33 master br0", "link set ens33 up",
        "address flush dev br0", "link set br0 nomaster", "link set br0 up",
        "address add 10.0.0.12/24 broadcast + dev br0",
    ]  # fmt: skip


def test_a_vlan_is_made_on_its_link(monkeypatch: pytest.MonkeyPatch) -> None:
    vlan = link("ens33.5", up=False, link="ens33")
    vlan["linkinfo"] = {"info_kind": "vlan", "info_data": {"id": 5}}
    assert commands(monkeypatch, [ENS33, vlan], [ENS33]) == ["link add link ens33 name ens33.5 type vlan id 5"]


def test_what_only_libvirt_makes_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert commands(monkeypatch, [link("macvtap0", kind="macvtap")], []) == []


def test_routes_but_the_kernels_own(monkeypatch: pytest.MonkeyPatch) -> None:
    routes: list[dict[str, Any]] = [
        {"dst": "default", "gateway": "10.0.0.2", "dev": "ens33", "protocol": "boot", "metric": 100},
        {"dst": "10.0.0.0/24", "dev": "ens33", "protocol": "kernel"},
        {"dst": "10.7.0.0/16", "via": "10.0.0.9"},
    ]
    assert commands(monkeypatch, [], [], routes) == [
        "route replace default via 10.0.0.2 dev ens33 metric 100",
        "route replace 10.7.0.0/16 via 10.0.0.9",
    ]
