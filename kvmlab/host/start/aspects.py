"""Which parts of a picture count for "as it was": objects, each with aspects in plain words.

An aspect leaves out what moves by itself or is drawn anew at each start: ids, ports, terminals, tap numbers, PCI
addresses, counters. Its name's words tell which facts of the vocabulary are about it (kvmlab.grading.as_it_was):
"stored disk vda" is a part of what is stored, and about a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kvmlab.host.domain.tuning import lines_of
from kvmlab.host.firewall import rules_about
from kvmlab.host.links import addresses_of, foreign_ports_of
from kvmlab.host.start.domain_aspects import domain_aspects
from kvmlab.host.start.picture import TOP, Picture, disks_of
from kvmlab.host.xml import attribute, mib, parse, word

Key = tuple[str, ...]
Aspects = dict[str, object]
Objects = dict[tuple[str, Key], Aspects]


def objects_of(picture: Picture) -> Objects:
    """Every object of a picture: ("domain", ("web1",)) to its aspects."""
    found: Objects = {}
    links = {link["ifname"]: link for link in picture["links"] if "ifname" in link}
    for name, one in (picture["domains"] or {}).items():
        found["domain", (name,)] = domain_aspects(one, picture["qemu"].get(name), links)
        if one["state"] == "shut off" and "starts" in picture:
            found["domain", (name,)]["starts"] = picture["starts"].get(name, 0)
        found |= {("snapshot", (name, snapshot)): dict(made) for snapshot, made in one["snapshots"].items()}
    bridges = set()
    for name, one in (picture["networks"] or {}).items():
        found["network", (name,)] = _network(name, one, links, picture)
        bridges.add(_bridge(one))
    for name, one in (picture["pools"] or {}).items():
        found["pool", (name,)] = _pool(one)
    for name, link in links.items():
        if name != "lo" and name not in bridges and (link.get("linkinfo") or {}).get("info_kind") != "tun":
            found["link", (name,)] = _link(link)
    for route in picture["routes"]:
        if route.get("gateway"):
            found["route", (str(route.get("dst")),)] = {"way": f"{route['gateway']} dev {route.get('dev')}"}
    if "firewall" in picture:
        found["firewall", ("rules",)] = {"rules": picture["firewall"]}
    if "mounts" in picture:
        found["mounts", ("files",)] = {"mounted": _over_files(picture)}
    if picture.get("at boot"):
        found["service", ("libvirtd",)] = {f"at boot {unit}": state for unit, state in picture["at boot"].items()}
    running = {name for name, one in (picture["domains"] or {}).items() if one["live"]}
    in_use = {path for path, names in users_of(picture).items() if running & set(names)}
    for path in _files(picture):
        found["file", (path,)] = _file(picture["files"][path], in_use=path in in_use)
    return found


def lasting(aspects: Aspects) -> Aspects:
    """Those that a boot of the host does not change: what is stored, and the files."""
    passing = ("state", "process", "boots", "starts", "active", "live", "bridge", "up", "master", "addresses", "mtu",
               "way", "rules", "inode", "mounted")  # fmt: skip
    return {name: value for name, value in aspects.items() if name.split()[0] not in passing}


def users_of(picture: Picture) -> dict[str, list[str]]:
    """By path of a disk: the domains that may write to it."""
    found: dict[str, list[str]] = {}
    for name, one in (picture["domains"] or {}).items():
        for path in disks_of(one):
            found.setdefault(path, []).append(name)
    return found


def pool_paths(picture: Picture) -> dict[str, str]:
    """By pool: its directory."""
    pools = picture["pools"] or {}
    return {name: target for name, one in pools.items() if (target := word(parse(one["XML"]), "target/path"))}


def _network(name: str, one: Mapping[str, Any], links: Mapping[str, Any], picture: Picture) -> Aspects:
    found: Aspects = {its: one[its] for its in ("active", "persistent", "autostart")}
    for view in ("stored", "live"):
        if one[view]:
            found[f"{view} definition"] = lines_of(parse(one[view]))
    if one["active"] and (link := links.get(_bridge(one))):
        found["bridge"] = _link(link)["addresses"]
        found["bridge up"] = _link(link)["up"]
        found["bridge stp"] = _link(link).get("stp")
        found["bridge ports"] = foreign_ports_of(_bridge(one), links.values())
        if "network rules" in picture:
            found["bridge firewall"] = rules_about(picture["network rules"], _bridge(one), addresses_of(link))
    if one["active"] and "dnsmasq" in picture:
        found["bridge dnsmasq"] = name in picture["dnsmasq"]
    return found


def _bridge(one: Mapping[str, Any]) -> str:
    """The bridge that libvirt makes for the network; "" where it is the host's own (formatnetwork, forward mode)."""
    root = parse(one["live"] or one["stored"])
    return "" if attribute(root, "forward", "mode") == "bridge" else attribute(root, "bridge", "name") or ""


def _pool(one: Mapping[str, Any]) -> Aspects:
    found: Aspects = {name: one[name] for name in ("active", "persistent", "autostart")}
    for view, xml in (("stored", one["stored"]), ("live", one["XML"] if one["active"] else "")):
        if xml:
            root = parse(xml)
            found[f"{view} target"] = f"{root.get('type')} {word(root, 'target/path') or '-'}"
    return found


def _link(link: Mapping[str, Any]) -> Aspects:
    info = link.get("linkinfo") or {}
    found: Aspects = {
        "kind": info.get("info_kind") or "device",
        "up": "UP" in link.get("flags", ()),
        "mac": link.get("address"),
        "master": link.get("master"),
        "addresses": sorted(addresses_of(link)),
        "mtu": link.get("mtu"),
    }
    if info.get("info_kind") == "bridge":
        found["stp"] = bool((info.get("info_data") or {}).get("stp_state"))
    return found


_SYSTEM = ("/etc", "/usr", "/boot", "/root", "/var/lib/libvirt")


def _over_files(picture: Picture) -> list[str]:
    """What is mounted, until the next boot only, over files that a lab or the system may be about."""
    scope = picture["scope"]
    found = []
    for place, what in picture["mounts"].items():
        below = place in _SYSTEM or place.startswith(tuple(f"{path}/" for path in (*_SYSTEM, *scope)))
        above = place not in TOP and any(path == place or path.startswith(f"{place}/") for path in scope)
        if below or above:
            found.append(f"{place} ({what})")
    return sorted(found)


def _files(picture: Picture) -> list[str]:
    """The files of the scope, and what lies in its directories."""
    scope = picture["scope"]
    inside = tuple(f"{path.rstrip('/')}/" for path in scope)
    return [path for path in picture["files"] if path in scope or path.startswith(inside)]


def _file(one: Mapping[str, Any], *, in_use: bool) -> Aspects:
    kind = one["kind"]
    if kind == "link":
        return {"kind": f"link {one.get('target')}"}
    if kind == "directory":
        return {"kind": kind, "entries": one.get("entries", [])}
    found: Aspects = {"kind": kind, **({"inode": one["inode"]} if in_use and "inode" in one else {})}
    if said := one.get("qcow2"):
        found["image"] = f"qcow2 {mib(said[0])} MiB{f', {said[1]}' if said[1] else ''}"
        found["image snapshots"] = said[2]
    elif kind == "file" and one.get("sampled"):
        found["image"] = f"{one['size']} B"
    if kind == "file":
        moved = f", {_moment(one['mtime'])}" if one.get("sampled") else ""
        found["content"] = f"{one['size']} B, {one.get('sum', '')[:12]}{moved}"
    return found


def _moment(nanoseconds: int) -> str:
    """When a large file was written to last, to the nanosecond, as stat(1) says it (in UTC)."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09}"
