"""What is connected to what on a lab host now: links, addresses, networks, guests with their interfaces and disks.

Read with ip(8) and `virsh --readonly` on the lab host; what comes back may have been named by anybody.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from kvmlab.labhost.container import LabHost
from kvmlab.observe.inventory import not_told

# One document a line: links, then each network and each domain as the base64 of its XML.
_SCRIPT = """
ip -d -j addr
virsh -r -q net-list --all --name | while read -r name; do
    [ -z "$name" ] || { printf 'network '; virsh -r net-dumpxml "$name" | base64 -w0; echo; }
done
virsh -r -q list --all --name | while read -r name; do
    [ -z "$name" ] || { printf 'domain %s ' "$(virsh -r domstate "$name" | tr ' \\n' _)"
                        virsh -r dumpxml "$name" | base64 -w0; echo; }
done
"""


@dataclass(frozen=True, slots=True)
class MapLink:
    """A link of the host (ip-link(8)). `addresses` with their prefix; `bridge`: it is one; `master`: whose port."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    bridge: bool
    master: str


@dataclass(frozen=True, slots=True)
class Plug:
    """An interface of a guest. `target`: its link on the host, or "" while it is off; `source`: network or bridge."""

    target: str
    source: str
    mac: str
    model: str


@dataclass(frozen=True, slots=True)
class MapDisk:
    """A disk of a guest: the target, the file or volume behind it ("" for an empty drive), its format."""

    target: str
    source: str
    format: str


@dataclass(frozen=True, slots=True)
class MapDomain:
    """A guest, with its state as virsh domstate says it. `display`: "vnc", "spice", or "" for none."""

    name: str
    state: str
    plugs: tuple[Plug, ...]
    disks: tuple[MapDisk, ...]
    display: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """All of it. `networks`: bridge → name and forward mode of the network that has it."""

    links: tuple[MapLink, ...]
    networks: dict[str, tuple[str, str]]
    domains: tuple[MapDomain, ...]


def topology_of(host: LabHost) -> Topology:
    """What there is now; CannotRun where the lab host does not tell."""
    done = host.execute(["sh", "-c", _SCRIPT])
    lines = done.stdout.splitlines()
    try:
        links = tuple(_links(json.loads(lines[0])))
    except (IndexError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise not_told(done.stderr) from None
    networks: dict[str, tuple[str, str]] = {}
    domains = []
    for line in lines[1:]:
        kind, *words = line.split()
        tree = _tree(words[-1]) if words else None
        if tree is not None and kind == "network":
            forward = tree.find("forward")
            mode = "isolated" if forward is None else forward.get("mode", "nat")
            networks[_attribute(tree, "bridge", "name")] = (tree.findtext("name", ""), mode)
        elif tree is not None and kind == "domain":
            domains.append(_domain(tree, words[0].replace("_", " ").strip()))
    return Topology(links, networks, tuple(domains))


def _links(found: list[dict[str, Any]]) -> Iterator[MapLink]:
    for one in found:
        if one["ifname"] == "lo":
            continue
        local = [a for a in one.get("addr_info", []) if a.get("scope") == "global"]
        addresses = tuple(f"{a['local']}/{a['prefixlen']}" for a in local)
        bridge = one.get("linkinfo", {}).get("info_kind") == "bridge"
        yield MapLink(one["ifname"], "UP" in one.get("flags", []), addresses, bridge, one.get("master", ""))


def _tree(coded: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(b64decode(coded))
    except (ValueError, ElementTree.ParseError):
        return None


def _domain(tree: ElementTree.Element, state: str) -> MapDomain:
    plugs = tuple(
        Plug(
            _attribute(one, "target", "dev"),
            _attribute(one, "source", "network") or _attribute(one, "source", "bridge"),
            _attribute(one, "mac", "address"),
            _attribute(one, "model", "type"),
        )
        for one in tree.iterfind("devices/interface")
    )
    disks = tuple(
        MapDisk(_attribute(one, "target", "dev"), _source(one), _attribute(one, "driver", "type"))
        for one in tree.iterfind("devices/disk")
    )
    return MapDomain(tree.findtext("name", ""), state, plugs, disks, _attribute(tree, "devices/graphics", "type"))


def _source(disk: ElementTree.Element) -> str:
    named = (_attribute(disk, "source", key) for key in ("file", "volume", "dev"))
    return next(filter(None, named), "")


def _attribute(tree: ElementTree.Element, name: str, key: str) -> str:
    found = tree.find(name)
    return "" if found is None else found.get(key, "")
