"""What libvirt says of a domain: one property per fact of the vocabulary."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.checks.matchers import at_least
from kvmlab.checks.reader import Cause
from kvmlab.host.domain.balloon import period_s
from kvmlab.host.domain.next_start import next_xml
from kvmlab.host.domain.tuning import limits
from kvmlab.host.xml import Element, attribute, in_mib, number, parse, word
from kvmlab.remote.host_connection import HostConnection

if TYPE_CHECKING:
    import libvirt


class Definition:
    """A domain's XML, as it is in one view: "now", "live" or "stored". `saved`: a managed save image's, which the next
    start takes in place of the stored one.

    Nobody who writes a check has to think of its `causes`: each finding about it has these rows, where there are some.
    """

    def __init__(self, domain: libvirt.virDomain, view: str, way: HostConnection) -> None:
        self.domain = domain
        self.way = way
        self.view = view
        self.active = bool(domain.isActive())
        xml, self.saved = (str(domain.XMLDesc()), False) if self.runs else next_xml(domain)
        self.root: Element = parse(xml)
        self.disks_on_the_same_file: list[str] = []

    @property
    def causes(self) -> list[Cause]:
        """What decides about the next start, whatever the definition says of one thing or another."""
        found = []
        if same := self.disks_on_the_same_file:
            see = f"virsh domblklist --inactive {quote(self.domain.name())}"
            found.append(Cause("disks_on_the_same_file", same, [], see, alone=True))
        limit, most = self.hard_limit_mib, self.max_memory_mib
        if limit and most and limit < most:  # the kernel ends such a qemu
            see = f"virsh memtune {quote(word(self.root, 'name') or '')}{'' if self.runs else ' --config'}"
            found.append(Cause("hard_limit_mib", limit, at_least(most), see, alone=True))
        if self.saved:
            found.append(Cause("managed_save", True, False, f"virsh managedsave-remove {quote(self.domain.name())}"))
        return found

    @property
    def runs(self) -> bool:
        """This view is of a running domain."""
        return self.active and self.view != "stored"

    @property
    def uuid(self) -> str | None:
        return word(self.root, "uuid")

    @property
    def title(self) -> str | None:
        return word(self.root, "title")

    @property
    def description(self) -> str | None:
        return word(self.root, "description")

    @property
    def type(self) -> str | None:
        return self.root.get("type")

    @property
    def machine(self) -> str | None:
        return attribute(self.root, "os/type", "machine")

    @property
    def arch(self) -> str | None:
        return attribute(self.root, "os/type", "arch")

    @property
    def cpu_mode(self) -> str | None:
        return attribute(self.root, "cpu", "mode")

    @property
    def cpu_model(self) -> str | None:
        return word(self.root, "cpu/model")

    @property
    def boot(self) -> list[str]:
        """By the devices' own places where they have some: libvirt then takes no <os><boot>."""
        devices = self.root.findall("devices/*")
        placed = ((number(attribute(found, "boot", "order")), _boots_as(found)) for found in devices)
        ordered = sorted((place, kind) for place, kind in placed if place is not None)
        if ordered:
            return list(dict.fromkeys(kind for _, kind in ordered))
        return [found.get("dev", "") for found in self.root.findall("os/boot")]

    @property
    def boot_disk(self) -> str | None:
        """libvirt lets the firmware try nothing but what has a place (-boot strict=on): by <os><boot dev='hd'/> the
        first disk, by the devices' own places the disk with the lowest."""
        disks = [found for found in self.root.findall("devices/disk") if found.get("device", "disk") == "disk"]
        orders = [number(attribute(found, "boot", "order")) for found in self.root.findall("devices/*")]
        if any(order is not None for order in orders):
            placed = [(order, found) for found in disks if (order := number(attribute(found, "boot", "order")))]
            disks = [found for _, found in sorted(placed, key=lambda pair: pair[0])]
        elif not self.root.findall("os/boot[@dev='hd']"):
            disks = []
        source = disks[0].find("source") if disks else None
        return source.get("file") or source.get("dev") or source.get("volume") if source is not None else None

    @property
    def features(self) -> list[str]:
        return [found.tag for found in self.root.findall("features/*")]

    @property
    def memory_mib(self) -> int | float | None:
        current = self.root.find("currentMemory")
        return in_mib(current if current is not None else self.root.find("memory"))

    @property
    def max_memory_mib(self) -> int | float | None:
        return in_mib(self.root.find("memory"))

    @property
    def mergeable(self) -> bool:
        return self.root.find("memoryBacking/nosharepages") is None

    @property
    def hard_limit_mib(self) -> int | float | None:
        return in_mib(self.root.find("memtune/hard_limit"))

    @property
    def limits(self) -> list[str]:
        return limits(self.root)

    @property
    def vcpus(self) -> int | None:
        return number(attribute(self.root, "vcpu", "current")) or self.max_vcpus

    @property
    def max_vcpus(self) -> int | None:
        return number(word(self.root, "vcpu"))

    @property
    def vcpu_pins(self) -> dict[str, str]:
        everybody = attribute(self.root, "vcpu", "cpuset")
        pins = {str(vcpu): everybody for vcpu in range(self.max_vcpus or 0)} if everybody else {}
        own = self.root.findall("cputune/vcpupin")
        return pins | {pin.get("vcpu", ""): pin.get("cpuset", "") for pin in own}

    @property
    def cpu_topology(self) -> dict[str, str]:
        said = self.root.find("cpu/topology")
        return {} if said is None else {name: said.get(name, "1") for name in ("sockets", "cores", "threads")}

    @property
    def disks(self) -> list[str]:
        return [found.get("dev", "") for found in self.root.findall("devices/disk/target")]

    @property
    def interfaces(self) -> list[str]:
        return [found.get("address", "").lower() for found in self.root.findall("devices/interface/mac")]

    @property
    def agent_channel(self) -> bool:
        return self._agent() is not None

    @property
    def memballoon(self) -> str | None:
        return attribute(self.root, "devices/memballoon", "model")

    @property
    def stats_period_s(self) -> int | None:
        said = number(attribute(self.root, "devices/memballoon/stats", "period")) or None
        return period_s(self.domain, said) if self.runs else said

    def _agent(self) -> Element | None:
        return self.root.find("devices/channel/target[@name='org.qemu.guest_agent.0']")


def _boots_as(device: Element) -> str:
    """What <os><boot dev=…/> calls a device of this kind."""
    if device.tag == "disk":
        return {"cdrom": "cdrom", "floppy": "fd"}.get(device.get("device", "disk"), "hd")
    return "network" if device.tag == "interface" else device.tag
