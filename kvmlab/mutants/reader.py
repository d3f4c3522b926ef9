"""Looking at a lab host for what there is to be broken, while the checks look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kvmlab.checks import Host
from kvmlab.checks.reader import Answer, Key, MissingObject, Reader
from kvmlab.host.xml import Element, parse
from kvmlab.mutants.scene import (
    DIRECTORY,
    FROM_THE_START,
    AskedObject,
    SceneDevice,
    SceneDomain,
    SceneLink,
    SceneNetwork,
    ScenePool,
    SceneSnapshot,
)

if TYPE_CHECKING:
    import libvirt

    from kvmlab.course import Lab
    from kvmlab.host.reader import HostReader
    from kvmlab.mutants.mutator import Named


@dataclass
class Noting:
    """A reader that passes everything on, and notes what it was asked."""

    reader: HostReader
    asked: dict[tuple[str, Key], set[str]] = field(default_factory=dict)

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        self.asked.setdefault((kind, key), set()).update(names)
        return self.reader.read(kind, key, names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def subjects(self) -> list[AskedObject]:
        """What was asked for, in a fixed order."""
        return [AskedObject(kind, key, frozenset(self.asked[kind, key])) for kind, key in sorted(self.asked)]


def names_of(lab: Lab, subjects: Sequence[AskedObject]) -> set[str]:
    """The domains, networks and pools that the lab is about: those it begins with, and those its checks ask for."""
    guests = {one.name for one in lab.guests} | {one.network for one in lab.guests}
    own = {one.name for one in (*lab.networks, *lab.pools, *lab.domains)}
    return guests | own | {one.key[0] for one in subjects if one.kind in (*_TOLD, "volume") and one.key}


def things(noting: Noting, connection: libvirt.virConnect | None, lab: Lab) -> list[Named]:
    """All objects that the lab is about and that mutators may break, in a fixed order."""
    found: list[Named] = []
    subjects = noting.subjects()
    named = names_of(lab, subjects)
    links = {one["ifname"]: one for one in noting.reader.way.ask("links") if "ifname" in one}
    wanted = {one.key[0] for one in subjects if one.kind == "link"}
    if connection is not None:
        inside = [one for one in connection.listAllDomains() if one.name() in named]
        domains = sorted(map(_domain, inside), key=lambda one: one.name)
        traffic = any(one.kind in _TRAFFIC for one in subjects)
        networks = [_network(one, links, traffic) for one in connection.listAllNetworks() if one.name() in named]
        pools = [_pool(one) for one in connection.listAllStoragePools() if one.name() in named]
        wanted |= {network.bridge for network in networks}
        networks.sort(key=lambda one: one.name)
        pools.sort(key=lambda one: one.name)
        found += domains
        found += [device for domain in domains for device in _devices(domain, links)]
        found += networks
        found += pools
        found += [snapshot for domain in inside for snapshot in _snapshots(domain)]
    found += [SceneLink(links[name]) for name in sorted(wanted & links.keys())]
    return (
        found + _files(found, subjects, noting.reader) + [one for one in subjects if one.kind not in (*_FILES, *_TOLD)]
    )


_TRAFFIC = ("reach", "guest-reach", "flow")
_FILES = ("file", "image", "volume")
_TOLD = ("domain", "disk", "interface", "console", "graphics", "network", "pool", "snapshot", "link", "lease")


def _files(found: Sequence[Named], subjects: Sequence[AskedObject], reader: Reader) -> list[Named]:
    """Files, images and volumes that were asked for, and the disks' own: each path once that there is."""
    paths: dict[str, set[str]] = {}
    pools = {
        pool.name: parse(pool.stored).findtext("target/path") or "" for pool in found if isinstance(pool, ScenePool)
    }
    for one in subjects:
        if one.kind in ("file", "image", "note"):
            paths.setdefault(one.key[0], set()).update(one.names)
        elif one.kind == "volume" and pools.get(one.key[0]):
            paths.setdefault(f"{pools[one.key[0]].rstrip('/')}/{one.key[1]}", set()).update(("image",))
    for thing in found:
        source = thing.stored.find("source") if isinstance(thing, SceneDevice) and thing.stored is not None else None
        if source is not None and source.get("file"):
            paths.setdefault(source.get("file", ""), set()).update(("image",))
    there = {path: Host(reader).file(path).value("kind") for path in paths}
    for path in paths:
        if not isinstance(reader.read("start", ("file", path), ()), MissingObject):
            paths[path].add(FROM_THE_START)
        if there[path] == "directory":
            paths[path].add(DIRECTORY)
    images = {one.key[0] for one in subjects if one.kind == "image"}
    skipped = ("/proc/", "/sys/", "/dev/", "/run/")
    return [
        AskedObject("file", (path,), frozenset(names | ({"image"} if path in images else set())))
        for path, names in sorted(paths.items())
        if there[path] and path.startswith("/") and not path.startswith(skipped)
    ]


def _domain(domain: libvirt.virDomain) -> SceneDomain:
    import libvirt

    secure, active = libvirt.VIR_DOMAIN_XML_SECURE, domain.isActive()
    states = {libvirt.VIR_DOMAIN_RUNNING: "running", libvirt.VIR_DOMAIN_PAUSED: "paused"}
    persistent = domain.isPersistent()
    return SceneDomain(
        domain.name(),
        states.get(domain.state()[0], "shut off"),
        domain.XMLDesc(secure | libvirt.VIR_DOMAIN_XML_INACTIVE) if persistent else "",
        domain.XMLDesc(secure) if active else "",
        bool(domain.autostart()) if persistent else False,
        domain.snapshotNum(),
        bool(domain.hasManagedSaveImage()) if persistent else False,
    )


_WHICH = {"disk": ("target", "dev"), "interface": ("mac", "address"), "console": ("target", "port"),
          "graphics": (".", "type")}  # fmt: skip


def _devices(domain: SceneDomain, links: dict[str, dict[str, Any]]) -> Iterator[SceneDevice]:
    stored, live = (parse(xml) if xml else None for xml in (domain.stored, domain.live))
    for kind, (path, name) in _WHICH.items():
        both = [_by(root, kind, path, name) for root in (stored, live)]
        for which in sorted(both[0].keys() | both[1].keys()):
            running = both[1].get(which)
            target = running.find("target") if running is not None and kind == "interface" else None
            master = links.get(target.get("dev", "") if target is not None else "", {}).get("master", "")
            yield SceneDevice(domain, kind, which, both[0].get(which), running, master)


def _by(root: Element | None, kind: str, path: str, name: str) -> dict[str, Element]:
    found = {}
    for one in root.findall(f"devices/{kind}") if root is not None else ():
        holder = one if path == "." else one.find(path)
        found[holder.get(name, "0") if holder is not None else "0"] = one
    return found


def _network(network: libvirt.virNetwork, links: dict[str, dict[str, Any]], traffic: bool) -> SceneNetwork:
    import libvirt

    persistent, active = bool(network.isPersistent()), bool(network.isActive())
    stored = network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) if persistent else ""
    bridge = parse(network.XMLDesc()).find("bridge")
    name = bridge.get("name", "") if bridge is not None else ""
    taps = tuple(sorted((tap, name) for tap, one in links.items() if name and one.get("master") == name))
    autostart = bool(network.autostart()) if persistent else False
    return SceneNetwork(network.name(), active, persistent, autostart, stored, name, taps, traffic)


def _pool(pool: libvirt.virStoragePool) -> ScenePool:
    import libvirt

    persistent = bool(pool.isPersistent())
    stored = pool.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE) if persistent else pool.XMLDesc()
    autostart = bool(pool.autostart()) if persistent else False
    return ScenePool(pool.name(), bool(pool.isActive()), persistent, autostart, stored)


def _snapshots(domain: libvirt.virDomain) -> Iterator[SceneSnapshot]:
    import libvirt

    for one in sorted(domain.listAllSnapshots(), key=lambda one: str(one.getName())):
        xml = one.getXMLDesc(libvirt.VIR_DOMAIN_SNAPSHOT_XML_SECURE)
        inside = parse(xml).find("disks/disk[@snapshot='internal']") is not None
        image = ""
        if inside and not domain.isActive():
            source = parse(domain.XMLDesc()).find("devices/disk[@device='disk']/source")
            image = source.get("file", "") if source is not None else ""
        yield SceneSnapshot(domain.name(), one.getName(), xml, bool(one.isCurrent()), image)
