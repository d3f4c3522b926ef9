"""Storage of the host: pools, volumes, image files. Keys: pool (NAME, VIEW), volume (POOL, NAME), image (PATH),
image-snapshot (PATH, NAME).

VIEW is "now" or "stored". Sizes: 1 MiB is 1048576 bytes.
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.reader import Key
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.start import AsAtStart, NamedAsAtStart, remembered

_INFO = "qemu-img info -U {0}"
_VOLUME = "virsh vol-info --bytes {1} --pool {0}"


class PoolDefinitionFacts(Facts, total=False):
    """What a pool's XML says."""

    uuid: Annotated[Word, "virsh pool-uuid {0}", "its UUID"]
    type: Annotated[Word, "virsh pool-dumpxml {inactive}{0}", '"dir", "fs", "logical", "netfs"']
    target: Annotated[Word, "virsh pool-dumpxml {inactive}{0}", "its directory on the host"]


class PoolFacts(PoolDefinitionFacts, total=False):
    """What libvirt knows of a pool besides its XML."""

    active: Annotated[Flag, "virsh pool-list --all", "started"]
    persistent: Annotated[Flag, "virsh pool-info {0}", "defined, not only created (transient)"]
    autostart: Annotated[Flag, "virsh pool-info {0}", "starts with libvirtd"]
    capacity_mib: Annotated[Number, "virsh pool-info {0}", "room in all, MiB"]
    allocation_mib: Annotated[Number, "virsh pool-info {0}", "room used, MiB"]
    available_mib: Annotated[Number, "virsh pool-info {0}", "room left, MiB"]
    volumes: Annotated[Words, "virsh vol-list {0}", "names of its volumes, as of its last refresh"]


class VolumeFacts(Facts, total=False):
    """A volume of an active pool."""

    type: Annotated[Word, "virsh vol-info {1} --pool {0}", '"file", "block", "dir"']
    format: Annotated[Word, "virsh vol-dumpxml {1} --pool {0}", '"raw", "qcow2", "iso"']
    capacity_bytes: Annotated[Number, _VOLUME, "size as a guest sees it, bytes"]
    capacity_mib: Annotated[Number, _VOLUME, "size as a guest sees it, MiB"]
    allocation_bytes: Annotated[Number, _VOLUME, "room it takes, bytes"]
    allocation_mib: Annotated[Number, _VOLUME, "room it takes, MiB"]
    path: Annotated[Word, "virsh vol-path {1} --pool {0}", "its file"]
    key: Annotated[Word, "virsh vol-key {1} --pool {0}", "its key; of a directory pool the path"]
    backing: Annotated[Word, "virsh vol-dumpxml {1} --pool {0}", "path of its backing file; None: none"]
    backing_format: Annotated[Word, "virsh vol-dumpxml {1} --pool {0}", "format of that"]


class ImageFacts(Facts, total=False):
    """A disk image, as qemu-img sees it."""

    format: Annotated[Word, _INFO, '"raw", "qcow2", by what is in the file, not by its name']
    virtual_size_bytes: Annotated[Number, _INFO, "size as a guest sees it, bytes"]
    virtual_size_mib: Annotated[Number, _INFO, "size as a guest sees it, MiB"]
    actual_size_bytes: Annotated[Number, _INFO, "room it takes on the host, bytes"]
    actual_size_mib: Annotated[Number, _INFO, "room it takes on the host, MiB"]
    backing: Annotated[Word, _INFO, "its backing file, absolute; None: none"]
    backing_format: Annotated[Word, _INFO, "the format it was told its backing file has"]
    snapshots: Annotated[Words, "qemu-img snapshot -U -l {0}", "names of its internal snapshots"]
    content_sha256: Annotated[
        Word,
        "qemu-img convert -U -O raw {0} /tmp/contents; sha256sum /tmp/contents",
        "of what a guest reads, whatever the format",
    ]
    own_file: Annotated[Flag, "stat {0}", "a file with this one name: neither a symbolic link nor a second name (ln)"]
    blank: Annotated[
        Flag,
        "qemu-img convert -U -O raw {0} /tmp/contents; tr -d '\\0' < /tmp/contents | wc -c",
        "a guest reads nothing but zeros from it",
    ]
    uuid: Annotated[Word, "blkid {0}", "of a raw image: that of the filesystem on the whole of it; None: none"]
    clean: Annotated[
        Flag,
        "qemu-img convert -U -O raw {0} /tmp/disk.raw; for p in 0 $(partx -g -o START /tmp/disk.raw); do "
        "tail -c +$((p * 512 + 1)) /tmp/disk.raw > /tmp/part.raw; dumpe2fs -h /tmp/part.raw; "
        "done 2>&1 | grep -e state -e features",
        "there is a filesystem on it, on the whole or on partitions, and each was unmounted properly",
    ]
    filesystems: Annotated[
        Words,
        "qemu-img convert -U -O raw {0} /tmp/disk.raw; for p in 0 $(partx -g -o START /tmp/disk.raw); do "
        "tail -c +$((p * 512 + 1)) /tmp/disk.raw > /tmp/part.raw; blkid -o value -s UUID /tmp/part.raw; done",
        "UUIDs of the filesystems on it, on the whole or on partitions",
    ]


class ImageSnapshotFacts(Facts, total=False):
    """A snapshot inside a qcow2 image, whatever libvirt knows of it."""

    content_sha256: Annotated[
        Word,
        "qemu-img convert -U -l {1} -O raw {0} /tmp/contents; sha256sum /tmp/contents",
        "of what a guest would read after a revert to it",
    ]


class _PoolView(NamedAsAtStart):
    kind = "pool"
    noun = "pool"
    see = "virsh pool-list --all"

    def _marks(self) -> dict[str, str]:
        return {"inactive": "--inactive " if self.key[1] == "stored" else ""}


class StoredPool(_PoolView):
    """A pool as stored: what its next start uses. Missing when it is transient."""

    facts = PoolDefinitionFacts
    label = "stored pool {0}"
    see = "virsh pool-list --all --persistent"
    absent = "not stored"

    def shows(self, **want: Unpack[PoolDefinitionFacts]) -> Finding:
        return self._finding(want)


class Pool(_PoolView):
    """A storage pool as it is now. `virsh pool-info`"""

    facts = PoolFacts
    label = "pool {0}"

    def shows(self, **want: Unpack[PoolFacts]) -> Finding:
        return self._finding(want)

    @property
    def stored(self) -> StoredPool:
        """What its next start uses."""
        return StoredPool(self.reader, (self.key[0], "stored"))


class Volume(AsAtStart):
    """A volume of a pool. `virsh vol-info`"""

    noun = "file"

    kind = "volume"
    facts = VolumeFacts
    label = "volume {1} in pool {0}"
    see = "virsh vol-list {0}"
    named = 1
    absent = "no such volume"

    def shows(self, **want: Unpack[VolumeFacts]) -> Finding:
        return self._finding(want)

    def _remembered(self) -> Key:
        """The file that it is: of a pool of directories its own."""
        pool, name = self.key
        return (f"{remembered(self.reader).pools.get(pool, '')}/{name}",)


class ImageFile(AsAtStart):
    """A disk image in a file of the host: whatever is wanted of it, it is a whole file of its own. `qemu-img info`"""

    noun = "file"

    kind = "image"
    facts = ImageFacts
    label = "image {0}"
    see = "ls -l {0}"
    absent = "no such file"

    def shows(self, **want: Unpack[ImageFacts]) -> Finding:
        return self._finding(want)

    def snapshot(self, name: str) -> ImageSnapshot:
        """A snapshot inside it."""
        return ImageSnapshot(self.reader, (self.key[0], name))

    def true_format(self, otherwise: str) -> str:
        """The format the file really has, because that is what qemu must be told, whatever it was meant to be. No file:
        `otherwise`."""
        return str(self.value("format") or otherwise)


class ImageSnapshot(Subject):
    """A snapshot inside an image. `qemu-img snapshot -l`"""

    kind = "image-snapshot"
    facts = ImageSnapshotFacts
    label = "snapshot {1} in {0}"
    see = "qemu-img snapshot -U -l {0}"
    named = 1
    absent = "no such snapshot"

    def shows(self, **want: Unpack[ImageSnapshotFacts]) -> Finding:
        return self._finding(want)
