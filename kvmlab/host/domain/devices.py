"""What libvirt says of a domain's devices: one property per fact of the vocabulary."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.checks.reader import Cause
from kvmlab.host.domain.definition import Definition
from kvmlab.host.xml import Element, attribute, mib, number, parse, word
from kvmlab.remote.host_connection import HostConnection

if TYPE_CHECKING:
    import libvirt

_INACTIVE = 1  # VIR_NETWORK_XML_INACTIVE
SOURCES = ("network", "bridge", "dev", "name")


def network_of(connection: libvirt.virConnect, name: str | None) -> libvirt.virNetwork | None:
    """The network of this name, None where there is none."""
    import libvirt

    try:
        return connection.networkLookupByName(name) if name else None
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
            return None
        raise


class _DeviceElement:
    """What a definition has below `devices` (formatdomain)."""

    def __init__(self, element: Element, definition: Definition, connection: libvirt.virConnect) -> None:
        self.element = element
        self.definition = definition
        self.connection = connection

    @property
    def causes(self) -> list[Cause]:
        """The same as for the whole definition."""
        return self.definition.causes

    @property
    def type(self) -> str | None:
        return self.element.get("type")


class InterfaceElement(_DeviceElement):
    """A network interface of a domain."""

    @property
    def causes(self) -> list[Cause]:
        """A card whose link is down is plugged in nowhere, wherever its definition says that it is."""
        mac, name = quote(self.mac or ""), quote(self.definition.domain.name())
        config = "" if self.definition.runs else "--config "
        see = f"virsh domif-getlink {config}{name} {mac}"
        down = [Cause("link_state", "down", "up", see, alone=True)] if self.link_state == "down" else []
        return [*down, *super().causes]

    @property
    def mac(self) -> str | None:
        return (attribute(self.element, "mac", "address") or "").lower() or None

    @property
    def source(self) -> str | None:
        source = self.element.find("source")
        return None if source is None else next((source.get(name) for name in SOURCES if source.get(name)), None)

    @property
    def model(self) -> str | None:
        return attribute(self.element, "model", "type")

    @property
    def target(self) -> str | None:
        return attribute(self.element, "target", "dev") if self.definition.runs else None

    @property
    def link_state(self) -> str:
        return attribute(self.element, "link", "state") or "up"

    @property
    def bridge(self) -> str | None:
        if said := attribute(self.element, "source", "bridge"):
            return said
        network = self._network()
        if network is None or not (self.definition.runs or network.isPersistent()):
            return None
        return attribute(parse(network.XMLDesc(0 if self.definition.runs else _INACTIVE)), "bridge", "name")

    @property
    def network_starts(self) -> bool:
        network = self._network()
        if network is None:
            return self.type != "network"
        return bool(network.isPersistent() and network.autostart())

    def _network(self) -> libvirt.virNetwork | None:
        return network_of(self.connection, attribute(self.element, "source", "network"))

    @property
    def sent_bytes(self) -> int | None:
        return self._statistic(4)

    @property
    def sent_packets(self) -> int | None:
        return self._statistic(5)

    def _statistic(self, place: int) -> int | None:
        """Of virDomainInterfaceStats: libvirt counts as the guest does, so its tx is what comes out of the tap."""
        if self.target is None:
            return None
        said = int(self.definition.domain.interfaceStats(self.target)[place])
        return said if said >= 0 else None

    @property
    def addresses(self) -> list[str]:
        network = network_of(self.connection, attribute(self.element, "source", "network"))
        if network is None or not network.isActive():
            return []
        return [f"{lease['ipaddr']}/{lease['prefix']}" for lease in network.DHCPLeases(self.mac) if lease["type"] == 0]

    def fits(self, by: str, value: str) -> bool:
        """It is the one a checker means by mac, source or target."""
        source = self.element.find("source")
        said: dict[str, list[str | None]] = {
            "mac": [self.mac],
            "target": [attribute(self.element, "target", "dev")],
            "source": [source.get(name) for name in SOURCES] if source is not None else [],
        }
        return value in said[by]


class DiskElement(_DeviceElement):
    """A disk of a domain."""

    @property
    def device(self) -> str:
        return self.element.get("device", "disk")

    @property
    def target(self) -> str | None:
        return attribute(self.element, "target", "dev")

    @property
    def bus(self) -> str | None:
        return attribute(self.element, "target", "bus")

    @property
    def source(self) -> str | None:
        source = self.element.find("source")
        if source is None:
            return None
        if self.pool and self.volume:
            return _path_of(self.connection, self.pool, self.volume)
        return source.get("file") or source.get("dev") or source.get("dir") or source.get("name")

    @property
    def pool(self) -> str | None:
        return attribute(self.element, "source", "pool")

    @property
    def volume(self) -> str | None:
        return attribute(self.element, "source", "volume")

    @property
    def format(self) -> str | None:
        return attribute(self.element, "driver", "type")

    @property
    def backing(self) -> str | None:
        return backing_of(self.definition.way, self.source)

    @property
    def capacity_mib(self) -> int | float | None:
        return self._info(0)

    @property
    def allocation_mib(self) -> int | float | None:
        return self._info(1)

    def _info(self, place: int) -> int | float | None:
        source = self.source
        return mib(self.definition.domain.blockInfo(source)[place]) if source else None

    @property
    def causes(self) -> list[Cause]:
        """A disk that may not be written to is none that a guest can work on, unless a check wants it so."""
        inactive = "" if self.definition.runs else "--inactive "
        see = f"virsh dumpxml {inactive}{quote(self.definition.domain.name())}"
        fixed = [Cause("readonly", True, False, see, alone=True)] if self.device == "disk" and self.readonly else []
        return [*fixed, *super().causes]

    @property
    def readonly(self) -> bool:
        return self.element.find("readonly") is not None

    @property
    def shareable(self) -> bool:
        return self.element.find("shareable") is not None

    @property
    def serial(self) -> str | None:
        return word(self.element, "serial")

    @property
    def open_in_qemu(self) -> bool:
        if not self.definition.runs or self.source is None:
            return False
        said = self.definition.way.find("file", path=self.source, content=False, sha256=False)
        files = self.definition.way.find("open_files", domain=self.definition.domain.name())
        return said is not None and [said["device"], said["inode"]] in (files or ())

    @property
    def pci(self) -> str | None:
        found = self.element.find("address[@type='pci']")
        if found is None or not self.definition.runs:
            return None
        domain, bus, slot, function = (int(found.get(name, "0"), 16) for name in ("domain", "bus", "slot", "function"))
        return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"

    @property
    def boot_order(self) -> int | None:
        return number(attribute(self.element, "boot", "order"))

    def fits(self, by: str, value: str) -> bool:
        """It is the one a checker means by target or source (a file, or the name of a volume)."""
        return value == self.target if by == "target" else value in (self.source, self.volume)


def disks_on_the_same_file(definition: Definition, connection: libvirt.virConnect) -> list[str]:
    """The targets of disks that are one file: qemu locks it for the first of them, and the start fails."""
    targets: dict[str, list[str]] = defaultdict(list)
    for element in definition.root.findall("devices/disk"):
        disk = DiskElement(element, definition, connection)
        if disk.source and not disk.shareable and not disk.readonly:
            targets[disk.source].append(disk.target or "")
    return [target for several in targets.values() if len(several) > 1 for target in several]


def backing_of(way: HostConnection, path: str | None) -> str | None:
    """The backing file of an image, absolute; None where there is none or no image."""
    said = way.find("image_info", path=path) if path is not None else None
    if path is None or said is None:
        return None
    name = said.get("full-backing-filename") or said.get("backing-filename")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else None


def _path_of(connection: libvirt.virConnect, pool: str, volume: str) -> str | None:
    import libvirt

    try:
        return str(connection.storagePoolLookupByName(pool).storageVolLookupByName(volume).path())
    except libvirt.libvirtError as error:
        if error.get_error_code() in (libvirt.VIR_ERR_NO_STORAGE_POOL, libvirt.VIR_ERR_NO_STORAGE_VOL,
                                      libvirt.VIR_ERR_OPERATION_INVALID):  # fmt: skip
            return None
        raise
