"""A guest's disks and files: block devices, filesystems, mounts, fstab."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from kvmlab.checks.reader import CAUSES, Cause, Key, MissingObject, Reading
from kvmlab.errors import CouldNotLook
from kvmlab.guest.connection import GuestConnection
from kvmlab.guest.covered import covers
from kvmlab.guest.fstab import entries, problem
from kvmlab.guest.system import block_drivers, chosen_driver
from kvmlab.remote.parsing.readings import text_facts
from kvmlab.remote.parsing.superblock import Partition, Superblock, identify, partitions
from kvmlab.words import t

Facts = Mapping[str, object]


def _mounts(guest: GuestConnection) -> list[list[str]]:
    rows = (line.split() for line in guest.lines("mounts"))
    return [[_unescaped(word) for word in row] for row in rows if len(row) > 3]


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def mount(guest: GuestConnection, key: Key, names: Sequence[str]) -> Facts | MissingObject:
    """MountFacts: the last mount at that path is the one that is seen."""
    rows = _mounts(guest)
    path = key[2].rstrip("/") or "/"
    fitting = [row for row in rows if row[1] == path]
    if not fitting:
        return MissingObject("nothing is mounted there", tuple(row[1] for row in rows if row[0].startswith("/dev/")))
    source, _, fstype, options = fitting[-1][:4]
    found: dict[str, object] = {"source": source, "fstype": fstype, "options": options.split(",")}
    if "uuid" in names:
        found["uuid"] = _uuid(guest, source)
    if not {"disk", "disk_mib"} & set(names):
        return found
    disks, disk = _disks(guest), _whole_disk(guest, _short(source))
    return {**found, "disk": disk, "disk_mib": _mib(disks[disk]) if disk in disks else None}


def _whole_disk(guest: GuestConnection, name: str) -> str | None:
    """A disk, or the one that a partition ("vdb1", "nvme0n1p2") is on; None where it is gone."""
    disks = _disks(guest)
    wholes = [one for one in disks if re.fullmatch(rf"{re.escape(one)}p?\d+", name) and one != name]
    disk = wholes[0] if wholes else name
    return disk if disk in disks else None


AT_PCI = "pci:"  # begins the name of a block device that is meant by its place on the PCI bus


def _at_pci(guest: GuestConnection, place: str, disks: dict[str, int]) -> str | None:
    """The disk whose controller is at that place on the PCI bus: its link in /sys/block goes past it."""
    wholes = [name for name in disks if not any(name != one and name.startswith(one) for one in disks)]
    for name in wholes if ":" in place else ():
        guest.start("file", f"/sys/block/{name}")  # side by side
    for name in wholes if ":" in place else ():
        if f"/{place}/" in (guest.ask("file", f"/sys/block/{name}").texts.get("target") or ""):
            return name
    return None


def _mib(sectors: int) -> int | float:
    """Sectors of 512 bytes as MiB; whole where it is whole."""
    return sectors >> 11 if sectors % 2048 == 0 else round(sectors / 2048, 2)


def _disks(guest: GuestConnection) -> dict[str, int]:
    """Its block devices that have a size, partitions too, in sectors of 512 bytes."""
    rows = (line.split() for line in guest.snapshot("block").lines("partitions"))
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit() and row[1] != "0"}


def _short(device: str) -> str:
    return device.removeprefix("/dev/")


def filesystem_on(guest: GuestConnection, device: str) -> Superblock | None:
    """What a block device holds."""
    raw = guest.ask("disk", _short(device)).raw
    return identify(raw) if raw is not None else None


def _uuid(guest: GuestConnection, device: str) -> str | None:
    """Of the filesystem on a device; of what is none (tmpfs) there is none."""
    found = filesystem_on(guest, device) if device.startswith("/dev/") else None
    return found.uuid if found else None


def filesystem(guest: GuestConnection, key: Key, names: Sequence[str]) -> Facts | MissingObject:
    """FilesystemFacts."""
    disks = _disks(guest)
    if _short(key[2]) not in disks:
        return MissingObject("no such device", tuple(f"/dev/{name}" for name in disks))
    found = filesystem_on(guest, key[2])
    rows = (line.split() for line in guest.lines("df")) if {"size_mib", "used_mib"} & set(names) else ()
    sizes = next((row for row in rows if row[0] == key[2] and len(row) > 5), None)
    return {
        "fstype": found.fstype if found else None, "label": found.label if found else None,
        "uuid": found.uuid if found else None,
        "reaches_mib": round(found.size_bytes / (1 << 20), 1) if found and found.size_bytes else None,
        "size_mib": round(int(sizes[1]) / 1024) if sizes else None,
        "used_mib": round(int(sizes[2]) / 1024) if sizes else None,
    }  # fmt: skip


def fstab(guest: GuestConnection, key: Key, names: Sequence[str]) -> Facts | MissingObject:
    """FstabFacts, with what mount cannot do with the line (Cause), whether that is asked for or not."""
    table = guest.snapshot("fstab")
    rows = entries(table)
    path = key[2].rstrip("/") or "/"
    fitting = [row for row in rows if (row.target.rstrip("/") or "/") == path]
    if not fitting:
        return MissingObject("no line for it", tuple(row.target for row in rows))
    row = fitting[-1]
    device = _device(guest, row.source, path) if {"device", "uuid"} & set(names) else None
    uuid = _uuid(guest, device) if device and "uuid" in names else None
    wrong = problem(guest.name, table, row)
    see = shlex.join(("ssh", guest.name, "findmnt --verify --verbose"))
    causes = [*([Cause("problem", wrong, None, see, alone=True)] if wrong else []), *covers(guest, "/etc/fstab")]
    return {"source": row.source, "device": device, "uuid": uuid, "fstype": row.fstype,
            "options": list(row.options), "problem": wrong, CAUSES: Reading(causes)}  # fmt: skip


def _device(guest: GuestConnection, source: str, path: str) -> str | None:
    """The device that a source of fstab(5) means now; of several, the one that is mounted at its `path`."""
    tag, equals, value = source.partition("=")
    value = value.strip('"')
    if not equals:
        known = _short(source) in _disks(guest)
        return source if known or not source.startswith("/dev/") else None
    called = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "uuid", "PARTLABEL": "label"}.get(tag)
    if called is None:
        return None
    named = _partitions(guest) if tag.startswith("PART") else _filesystems(guest, path)
    return next((f"/dev/{name}" for name, found in named if value == getattr(found, called)), None)


def _filesystems(guest: GuestConnection, path: str) -> Iterator[tuple[str, Superblock]]:
    """Its block devices that hold a filesystem, first what is mounted at `path`: each is a question."""
    there = {_short(row[0]) for row in _mounts(guest) if row[1] == path}
    for name in sorted(_disks(guest), key=lambda one: one not in there):
        if not name.startswith(("loop", "sr", "fd")) and (found := filesystem_on(guest, name)):
            yield name, found


def _partitions(guest: GuestConnection) -> Iterator[tuple[str, Partition]]:
    """Its partitions, "vdb1", "nvme0n1p2"."""
    disks = _disks(guest)
    for whole in disks:
        inside = {one: re.fullmatch(rf"{re.escape(whole)}p?(\d+)", one) for one in disks if one != whole}
        numbers = {one: int(found[1]) for one, found in inside.items() if found}
        table = partitions(guest.ask("disk", whole).raw or b"") if numbers else {}
        yield from ((one, table[number]) for one, number in numbers.items() if number in table)


def block(guest: GuestConnection, key: Key) -> Facts | MissingObject:
    """BlockFacts."""
    disks = _disks(guest)
    name = _at_pci(guest, key[2].removeprefix(AT_PCI), disks) if key[2].startswith(AT_PCI) else key[2]
    if name is None or name not in disks:
        return MissingObject("no such device", tuple(disks))
    chain = block_drivers(guest).get(name, [])
    parts = [one for one in disks if re.fullmatch(rf"{re.escape(name)}p?\d+", one)]
    return {"name": name, "size_mib": _mib(disks[name]), "driver": chosen_driver(chain), "partitions": parts}


def file(guest: GuestConnection, key: Key, names: Sequence[str]) -> Facts | MissingObject:
    """FileFacts."""
    answer = guest.ask("file", key[2])
    if answer.texts.get("stat") is None:
        return MissingObject("no such file")
    size, mode, user, group, *kind = answer.text("stat").split(None, 4)
    raw = answer.raw
    summed = guest.ask("checksum", key[2]) if raw is not None and {"sha256", "blank"} & set(names) else None
    if summed is not None and len(summed.text("sha256").split()) < 1:
        raise CouldNotLook(t("Guest {guest} could not read all of {path}.", guest=guest.name, path=key[2]))
    return {
        "kind": _kind(" ".join(kind)), "size_bytes": int(size), "mode": f"{int(mode, 8):04o}",
        "owner": f"{user}:{group}",
        "target": answer.texts.get("target"), "sha256": summed.text("sha256").split()[0] if summed else None,
        "mount": _mount_of(guest, key[2], answer.texts.get("target")) if "mount" in names else None,
        "blank": summed is not None and summed.text("other").strip() == "0",
        **text_facts(raw.decode("utf-8", "replace") if raw is not None else None),
        **({CAUSES: Reading(tuple(covers(guest, key[2])))} if key[2].startswith("/etc/") else {}),
    }  # fmt: skip


def _mount_of(guest: GuestConnection, path: str, target: str | None) -> str | None:
    """Where the filesystem is mounted that a file is on; None for a link, which leads elsewhere."""
    if target is not None:
        return None
    above = [row[1] for row in _mounts(guest) if path == row[1] or path.startswith(row[1].rstrip("/") + "/")]
    return max(above, key=len, default=None)


def _kind(said: str) -> str:
    kinds = {"regular": "file", "directory": "directory", "symbolic": "link", "socket": "socket", "fifo": "fifo"}
    return kinds.get(said.split(" ")[0], "device")
