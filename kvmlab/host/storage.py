"""What libvirt says of pools, volumes and snapshots, and qemu-img of images: a property per fact."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Any

from kvmlab.checks.reader import Cause
from kvmlab.host.domain.devices import backing_of
from kvmlab.host.qcow2 import is_cut_short
from kvmlab.host.xml import Element, attribute, in_bytes, mib, parse, word
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.parsing.superblock import Superblock, identify

if TYPE_CHECKING:
    import libvirt

VOLUME_TYPES = ("file", "block", "dir", "network", "netdir", "ploop")


class LibvirtPool:
    """A pool in one view: "now" or "stored"."""

    def __init__(self, pool: libvirt.virStoragePool, view: str) -> None:
        import libvirt

        self.pool = pool
        self.root: Element = parse(pool.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE if view == "stored" else 0))

    @property
    def uuid(self) -> str | None:
        return word(self.root, "uuid")

    @property
    def type(self) -> str | None:
        return self.root.get("type")

    @property
    def target(self) -> str | None:
        return word(self.root, "target/path")

    @property
    def active(self) -> bool:
        return bool(self.pool.isActive())

    @property
    def persistent(self) -> bool:
        return bool(self.pool.isPersistent())

    @property
    def autostart(self) -> bool:
        return self.persistent and bool(self.pool.autostart())

    @property
    def capacity_mib(self) -> int | float | None:
        return self._info(1)

    @property
    def allocation_mib(self) -> int | float | None:
        return self._info(2)

    @property
    def available_mib(self) -> int | float | None:
        return self._info(3)

    def _info(self, place: int) -> int | float | None:
        return mib(self.pool.info()[place]) if self.active else None

    @property
    def volumes(self) -> list[str]:
        return [volume.name() for volume in self.pool.listAllVolumes()] if self.active else []


class LibvirtVolume:
    """A volume of an active pool."""

    def __init__(self, volume: libvirt.virStorageVol) -> None:
        self.volume = volume
        self.root: Element = parse(volume.XMLDesc())

    @property
    def type(self) -> str:
        return VOLUME_TYPES[self.volume.info()[0]]

    @property
    def format(self) -> str | None:
        return attribute(self.root, "target/format", "type")

    @property
    def capacity_bytes(self) -> int | None:
        return in_bytes(self.root.find("capacity"), "bytes")

    @property
    def capacity_mib(self) -> int | float | None:
        return mib(self.capacity_bytes)

    @property
    def allocation_bytes(self) -> int | None:
        return in_bytes(self.root.find("allocation"), "bytes")

    @property
    def allocation_mib(self) -> int | float | None:
        return mib(self.allocation_bytes)

    @property
    def path(self) -> str:
        return str(self.volume.path())

    @property
    def key(self) -> str:
        return str(self.volume.key())

    @property
    def backing(self) -> str | None:
        return word(self.root, "backingStore/path")

    @property
    def backing_format(self) -> str | None:
        return attribute(self.root, "backingStore/format", "type")


class LibvirtSnapshot:
    """A snapshot of a domain."""

    def __init__(self, snapshot: libvirt.virDomainSnapshot) -> None:
        self.snapshot = snapshot
        self.root: Element = parse(snapshot.getXMLDesc())

    @property
    def current(self) -> bool:
        return bool(self.snapshot.isCurrent())

    @property
    def state(self) -> str | None:
        return word(self.root, "state")

    @property
    def parent(self) -> str | None:
        return word(self.root, "parent/name")

    @property
    def location(self) -> str:
        external = any(disk.get("snapshot") == "external" for disk in self.root.findall("disks/disk"))
        return "external" if external else "internal"


class Image:
    """A disk image in a file: `said` is what qemu-img info prints as JSON."""

    def __init__(self, path: str, said: dict[str, Any], way: HostConnection) -> None:
        self.path = path
        self.way = way
        self.said = said

    @property
    def format(self) -> str | None:
        return self.said.get("format")

    @property
    def virtual_size_bytes(self) -> int | None:
        return self.said.get("virtual-size")

    @property
    def virtual_size_mib(self) -> int | float | None:
        return mib(self.virtual_size_bytes)

    @property
    def actual_size_bytes(self) -> int | None:
        return self.said.get("actual-size")

    @property
    def actual_size_mib(self) -> int | float | None:
        return mib(self.actual_size_bytes)

    @property
    def backing(self) -> str | None:
        return backing_of(self.way, self.path)

    @property
    def backing_format(self) -> str | None:
        return self.said.get("backing-filename-format")

    @property
    def snapshots(self) -> list[str]:
        return [str(found.get("name")) for found in self.said.get("snapshots", [])]

    @property
    def content_sha256(self) -> str | None:
        return str(self.way.ask("image_sum", path=self.path))

    @property
    def blank(self) -> bool:
        return bool(self.way.ask("image_blank", path=self.path))

    @property
    def own_file(self) -> bool:
        return its_own(self._file)

    @property
    def causes(self) -> list[Cause]:
        """An image must be a whole, sound file of its own: what a link points to, or a file beside it that holds its
        data, may be gone at any time."""
        if self._file["kind"] not in ("file", "link"):
            return []
        if not self.own_file:
            return [Cause("own_file", False, True, f"stat {quote(self.path)}", alone=True)]
        if elsewhere := self._data_file:
            return [Cause("data_file", elsewhere, None, f"qemu-img info -U {quote(self.path)}", alone=True)]
        if self._format_specific.get("corrupt") is True:  # no guest that may write starts with it (qcow2.rst of QEMU)
            return [Cause("corrupt", True, False, f"qemu-img info -U {quote(self.path)}", alone=True)]
        cut = self.format == "qcow2" and is_cut_short(self._head, self._file["size"])
        return [Cause("whole", False, True, f"qemu-img check {quote(self.path)}", alone=True)] if cut else []

    @cached_property
    def _file(self) -> dict[str, Any]:
        found: dict[str, Any] = self.way.ask("file", path=self.path, content=False, sha256=False)
        return found

    @property
    def _format_specific(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.said.get("format-specific", {}).get("data", {})
        return found

    @property
    def _data_file(self) -> str | None:
        """Where a qcow2 image keeps its data, if not in itself (option data_file of qemu-img(1))."""
        said = self._format_specific.get("data-file")
        return str(said) if said else None

    @property
    def clean(self) -> bool:
        told = [found.clean for found in self._on_it if found.clean is not None]
        return bool(told) and all(told)

    @property
    def filesystems(self) -> list[str]:
        return [found.uuid for found in self._on_it if found.uuid]

    @cached_property
    def _on_it(self) -> list[Superblock]:
        heads = [identify(b64decode(head)) for head in self.way.ask("image_heads", path=self.path)]
        return [found for found in heads if found]

    @property
    def uuid(self) -> str | None:
        found = self._filesystem
        return found.uuid if found else None

    @cached_property
    def _filesystem(self) -> Superblock | None:
        return identify(self._head) if self.format == "raw" else None

    @property
    def _head(self) -> bytes:
        return b64decode(self.way.ask("head", path=self.path))


def its_own(said: Mapping[str, Any]) -> bool:
    """Whether it is a plain file with one name: no symbolic link, no further hard link."""
    return said["kind"] == "file" and said.get("target") is None and said["names"] == 1
