"""A guest's disks and files. Keys after (GUEST, ADDRESS): guest-block (DEV), guest-filesystem (DEVICE),
guest-mount (PATH), guest-fstab (PATH), guest-file (PATH).
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.vocabulary.files import FileFacts
from kvmlab.checks.vocabulary.in_guest import InGuest
from kvmlab.safe_text import plain
from kvmlab.words import t


class MountFacts(Facts, total=False):
    """What is mounted at a directory now."""

    source: Annotated[Word, "findmnt {2}", 'the device: "/dev/vdb"']
    fstype: Annotated[Word, "findmnt {2}", '"ext4"']
    options: Annotated[Words, "findmnt {2}", '"rw", "relatime"']
    uuid: Annotated[Word, "blkid", "the UUID of its filesystem: it stays, whatever its device is called"]
    disk: Annotated[Word, "lsblk", 'the disk it is on, of a partition the whole one: "vdb"']
    disk_mib: Annotated[Number, "lsblk", "size of the disk it is on (of the whole disk below a partition), MiB"]


class FilesystemFacts(Facts, total=False):
    """The filesystem on a block device, mounted or not."""

    fstype: Annotated[Word, "blkid {2}", '"ext4"; None: none on it']
    label: Annotated[Word, "blkid {2}", "None: none"]
    uuid: Annotated[Word, "blkid {2}", "its UUID"]
    reaches_mib: Annotated[Number, "dumpe2fs -h {2} | grep Block", "how far on its device an ext one reaches, MiB"]
    size_mib: Annotated[Number, "df -m {2}", "size of the filesystem, MiB; None: not mounted"]
    used_mib: Annotated[Number, "df -m {2}", "used, MiB; None: not mounted"]


class FstabFacts(Facts, total=False):
    """The line of fstab for a directory: what the next boot mounts there."""

    source: Annotated[Word, "cat /etc/fstab", 'as written: "/dev/vdb", "UUID=…", "LABEL=…"']
    device: Annotated[Word, "cat /etc/fstab; blkid", 'the device that is now: "/dev/vdb"; None: there is none']
    uuid: Annotated[Word, "cat /etc/fstab; blkid", "the UUID of the filesystem it means; None: there is none"]
    fstype: Annotated[Word, "cat /etc/fstab", '"ext4", "auto"']
    options: Annotated[Words, "cat /etc/fstab", '"defaults"']
    problem: Annotated[Word, "findmnt --verify --verbose", "what mount cannot do with the line; None: nothing"]


class BlockFacts(Facts, total=False):
    """A block device of a guest."""

    name: Annotated[Word, "ls -l /sys/block", 'what the guest calls it: "vdb"']
    size_mib: Annotated[Number, "cat /proc/partitions", "MiB"]
    driver: Annotated[Word, "readlink /sys/class/block/{2}/device/driver", '"virtio_blk"']
    partitions: Annotated[Words, "cat /proc/partitions", 'names of its partitions: "vdb1"']


class Block(InGuest):
    """A block device of a guest, by its name in /sys/class/block. `lsblk`"""

    kind = "guest-block"
    facts = BlockFacts
    label = "block device {2} in guest {0}"
    see = "cat /proc/partitions"
    absent = "no such device"

    @property
    def name(self) -> str:
        """As the student reads it; one that is meant by its place: "disk at 0000:00:08.0 in guest web1"."""
        guest, _, dev = self.key
        if not dev.startswith("pci:"):
            return super().name
        return plain(t("disk at {place} in guest {guest}", place=dev.removeprefix("pci:"), guest=guest))

    def shows(self, **want: Unpack[BlockFacts]) -> Finding:
        return self._finding(want)


class Filesystem(InGuest):
    """What is on a block device of a guest. Missing: no such device. `blkid`"""

    kind = "guest-filesystem"
    facts = FilesystemFacts
    label = "filesystem on {2} in guest {0}"
    see = "blkid"
    absent = "no such device"

    def shows(self, **want: Unpack[FilesystemFacts]) -> Finding:
        return self._finding(want)


class Mount(InGuest):
    """What is mounted at a directory of a guest, now. Missing: nothing. `mount`"""

    kind = "guest-mount"
    facts = MountFacts
    label = "mount {2} in guest {0}"
    see = "mount"
    absent = "nothing is mounted there"

    def shows(self, **want: Unpack[MountFacts]) -> Finding:
        return self._finding(want)


class Fstab(InGuest):
    """The line of a guest's /etc/fstab for a directory. Missing: none. fstab(5)"""

    kind = "guest-fstab"
    facts = FstabFacts
    label = "fstab entry {2} in guest {0}"
    see = "cat /etc/fstab"
    absent = "no entry"

    def shows(self, **want: Unpack[FstabFacts]) -> Finding:
        return self._finding(want)


class GuestFileFacts(FileFacts, total=False):
    """A file or directory of a guest."""

    mount: Annotated[Word, "df {0}", 'where the filesystem is mounted that it is on: "/srv/data"; None: it is a link']


class GuestFile(InGuest):
    """A file of a guest. `ls`, `cat`"""

    kind = "guest-file"
    facts = GuestFileFacts
    label = "file {2} in guest {0}"
    see = "ls -l {2}"
    absent = "no such file"

    def _command(self, template: str) -> str:
        return super()._command(template.replace("{0}", "{2}"))

    def shows(self, **want: Unpack[GuestFileFacts]) -> Finding:
        return self._finding(want)
