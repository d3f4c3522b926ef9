"""What a definition says besides devices, memory and vCPUs: how much of the host its qemu may have, which qemu, and how
it ends. In plain words, so that two definitions can be compared."""

from __future__ import annotations

from kvmlab.host.xml import Element, attribute, word

_TUNED = ("cputune", "memtune", "blkiotune", "numatune", "memoryBacking", "iothreads", "cpu/numa")
_HELD_BACK = (("disk", ("target", "dev"), ("iotune",)),
              ("interface", ("mac", "address"), ("bandwidth", "filterref", "vlan", "port")))  # fmt: skip
_TUNED_ELSEWHERE = ("vcpupin", "nosharepages")


def tuning(root: Element) -> list[str]:
    """How much of the host it may have and where from, but for vCPUs' pins and whether its pages are merged."""
    lines = [line for path in _TUNED for element in root.findall(path) for line in lines_of(element)]
    return sorted(line for line in lines if line.split()[0] not in _TUNED_ELSEWHERE)


def limits(root: Element) -> list[str]:
    """The same, and how its disks and interfaces are held back."""
    devices = [
        f"{tag} {attribute(device, *named)}: {line}"
        for tag, named, parts in _HELD_BACK for device in root.findall(f"devices/{tag}")
        for part in parts for element in device.findall(part) for line in lines_of(element)
    ]  # fmt: skip
    return [*tuning(root), *sorted(devices)]


def qemu(root: Element) -> list[str]:
    """What kind of qemu runs it: virtualised or emulated, which program, its clock, what is said to it past libvirt."""
    clock = [line for found in root.findall("clock") for line in lines_of(found)]
    past = [one.get("value") for element in root if element.tag.endswith("}commandline") for one in element]
    return [said for said in (root.get("type"), word(root, "devices/emulator"), *clock, *past) if said]


def ends(root: Element) -> str:
    """What becomes of it when its guest powers off, reboots, crashes."""
    usual = {"on_poweroff": "destroy", "on_reboot": "restart", "on_crash": "destroy"}
    return " ".join(f"{tag}={word(root, tag) or default}" for tag, default in usual.items())


def lines_of(root: Element) -> list[str]:
    """A line for each element of a definition that says something, be it only by being there."""
    found = []
    for element in root.iter():
        attributes = [f"{name}={value}" for name, value in sorted(element.items()) if name != "connections"]
        text = (element.text or "").strip()
        if attributes or text or not len(element):
            found.append(" ".join([element.tag, *attributes, *([text] if text else [])]))
    return sorted(found)
