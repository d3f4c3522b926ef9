"""A picture of a lab host: all of libvirt's objects and what surrounds them, taken in one go.

The picture of the start is kept outside of the lab host and compared with later ones: by the checks ("as it was"), by
`kvmlab diff`, and by the proof that a reset gives the start again. It is plain data (JSON), raw rather than worked out,
so that whoever compares decides what counts; `kvmlab.host.start.aspects` is how checks see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kvmlab.errors import CouldNotLook
from kvmlab.host.domain.states import STATES
from kvmlab.host.xml import Element, parse, word

if TYPE_CHECKING:
    import libvirt

    from kvmlab.host.connection import Libvirt
    from kvmlab.remote.host_connection import HostConnection

Picture = Mapping[str, Any]
"""{"domains", "networks", "pools": by name, or None without libvirt; "scope": paths; "salt"; and what the fact server's
`survey` says: "links", "routes", "firewall", "qemu", "files", and of a whole picture "units" and "packages"}."""

LIBVIRT = ("domains", "networks", "pools")
TREES = ("/etc/libvirt", "/var/lib/libvirt")
TOP = frozenset((
    "/", "/bin", "/boot", "/data", "/dev", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
    "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/local", "/var", "/var/lib", "/var/log", "/var/tmp",
))  # fmt: skip
"""Directories of everybody: what lies in them is looked at only where it is named itself."""


PROGRAMS = (
    "/usr/bin/qemu-img", "/usr/bin/qemu-nbd", "/usr/bin/virsh", "/usr/bin/ip", "/usr/bin/ss", "/usr/bin/ping",
    "/usr/bin/systemctl", "/usr/sbin/nft", "/usr/sbin/ifup", "/usr/sbin/ifquery",
)  # fmt: skip
"""What the fact server asks: one that was replaced says what somebody wants."""


def take_whole(libvirt: Libvirt | None, way: HostConnection, paths: Iterable[str], salt: str) -> Picture:
    """All there is. `libvirt` None: there is none on it; `paths`: files that are the lab's. May raise CouldNotLook."""
    told = libvirt.ask(from_libvirt) if libvirt else dict.fromkeys(LIBVIRT)
    scope = scope_of(told, paths)
    seen = way.ask("survey", paths=tuple(scope), trees=TREES, salt=salt, whole=True)
    return {**told, **seen, "scope": scope, "salt": salt}


def take_like(start: Picture, libvirt: Libvirt, way: HostConnection) -> Picture:
    """The present state of all that `start` has; units and packages are left out. May raise CouldNotLook."""
    question = {"paths": tuple(start["scope"]), "trees": (), "salt": start["salt"], "whole": False}
    way.begin("survey", **question)
    told = libvirt.ask(from_libvirt) if start["domains"] is not None else dict.fromkeys(LIBVIRT)
    return {**told, **way.ask("survey", **question), "scope": start["scope"], "salt": start["salt"]}


def take_again(start: Picture, libvirt: Libvirt, way: HostConnection) -> Picture:
    """All there is now, to be compared with `start`. May raise CouldNotLook."""
    told: Mapping[str, Any] = dict.fromkeys(LIBVIRT)
    if start["domains"] is not None:
        told = libvirt.ask(from_libvirt)
    else:
        with suppress(CouldNotLook):  # it may have been installed since
            told = libvirt.ask(from_libvirt)
    scope = scope_of(told, start["scope"])
    seen = way.ask("survey", paths=tuple(scope), trees=TREES, salt=start["salt"], whole=True)
    return {**told, **seen, "scope": scope, "salt": start["salt"]}


def scope_of(told: Mapping[str, Any], paths: Iterable[str]) -> list[str]:
    """The files that a lab is about: its own, the pools' directories, the guests' disks; and the programs that tell of
    the host."""
    found = dict.fromkeys(str(PurePosixPath(path)) for path in (*paths, *PROGRAMS))
    for pool in (told["pools"] or {}).values():
        if target := parse(pool["XML"]).findtext("target/path"):
            found[target] = None
    for one in (told["domains"] or {}).values():
        found.update(dict.fromkeys(disks_of(one)))
    own = [path for path in found if path.startswith("/") and path not in TOP and "\0" not in path]
    return [path for path in own if not path.startswith("/etc/libvirt/")][:1000]  # libvirt's objects, told of above


def disks_of(domain: Mapping[str, Any]) -> list[str]:
    """The files that a domain of a picture has for disks, running or stored."""
    views = [parse(domain[view]) for view in ("live", "stored") if domain[view]]
    return [path for root in views for source in root.findall("devices/disk/source") if (path := source.get("file"))]


def from_libvirt(connection: libvirt.virConnect) -> dict[str, Any]:
    """Domains, networks and pools, by name."""
    return {
        "domains": {one.name(): _domain(one) for one in connection.listAllDomains()},
        "networks": {one.name(): _network(one) for one in connection.listAllNetworks()},
        "pools": {one.name(): _pool(one) for one in connection.listAllStoragePools()},
    }


def _domain(one: libvirt.virDomain) -> dict[str, Any]:
    import libvirt

    state = one.state()[0]
    lasting = bool(one.isPersistent())
    return {
        "state": STATES[state] if state < len(STATES) else STATES[0],
        "persistent": lasting,
        "autostart": lasting and bool(one.autostart()),
        "managed save": lasting and bool(one.hasManagedSaveImage()),
        "snapshots": {found.getName(): _snapshot(parse(found.getXMLDesc())) for found in one.listAllSnapshots()},
        "stored": one.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if lasting else "",
        "live": one.XMLDesc() if one.isActive() else "",
    }


def _snapshot(root: Element) -> dict[str, str | None]:
    made = {"created": word(root, "creationTime"), "state": word(root, "state"), "parent": word(root, "parent/name")}
    return {name: value for name, value in made.items() if value}


def _network(one: libvirt.virNetwork) -> dict[str, Any]:
    import libvirt

    lasting = bool(one.isPersistent())
    return {
        "active": bool(one.isActive()),
        "persistent": lasting,
        "autostart": lasting and bool(one.autostart()),
        "stored": one.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE) if lasting else "",
        "live": one.XMLDesc() if one.isActive() else "",
    }


def _pool(one: libvirt.virStoragePool) -> dict[str, Any]:
    import libvirt

    lasting, active = bool(one.isPersistent()), bool(one.isActive())
    return {
        "active": active,
        "persistent": lasting,
        "autostart": lasting and bool(one.autostart()),
        "stored": one.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE) if lasting else "",
        "XML": one.XMLDesc(),
        "volumes": sorted(found.name() for found in one.listAllVolumes()) if active else [],
    }


def parameters_that_are_paths(values: object) -> Sequence[str]:
    """Every absolute path among a lab's parameters, wherever it stands."""
    if isinstance(values, str):
        return [values] if values.startswith("/") and "\n" not in values else []
    if isinstance(values, Mapping):
        return [path for value in values.values() for path in parameters_that_are_paths(value)]
    if isinstance(values, (list, tuple)):
        return [path for value in values for path in parameters_that_are_paths(value)]
    return []
