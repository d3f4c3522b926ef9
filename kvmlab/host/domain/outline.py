"""Whether a domain runs as it is stored: what of its two definitions a student can change, side by side."""

from __future__ import annotations

from kvmlab.host.xml import Element, attribute, in_mib, word


def outline(root: Element) -> object:
    """What of a definition a student can change and libvirt does not fill in by itself."""
    interfaces = [
        (attribute(found, "mac", "address"), found.get("type"), attribute(found, "model", "type"),
         attribute(found, "source", found.get("type", "")))
        for found in root.findall("devices/interface")
    ]  # fmt: skip
    disks = [
        (found.get("device"), attribute(found, "target", "dev"), attribute(found, "target", "bus"),
         attribute(found, "driver", "type"), _source(found))
        for found in root.findall("devices/disk")
    ]  # fmt: skip
    machine = attribute(root, "os/type", "machine")
    plain = in_mib(root.find("memory")), word(root, "vcpu"), attribute(root, "vcpu", "current"), machine
    pins = [tuple(sorted(pin.items())) for pin in root.findall("cputune/vcpupin")]
    others = sorted(found.tag for found in root.findall("devices/*") if found.tag in ("graphics", "serial", "hostdev"))
    return interfaces, disks, plain, pins, others


def _source(disk: Element) -> tuple[str | None, ...]:
    return tuple(attribute(disk, "source", name) for name in ("file", "dev", "pool", "volume"))
