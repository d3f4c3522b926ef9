"""What a block device holds, a filesystem or partitions: read from its first 68 KiB, without a program in the guest."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

BTRFS_AT = 0x10000


@dataclass(frozen=True, slots=True)
class Superblock:
    """As blkid(8) would call it. `clean`: unmounted properly; `size_bytes`: how far it reaches on its device; None
    where that is not known of this type.
    """

    fstype: str
    label: str | None
    uuid: str | None
    clean: bool | None = None
    size_bytes: int | None = None


def identify(data: bytes) -> Superblock | None:
    """The filesystem that begins with `data`; None where none of those known does."""
    for look in (_ext, _xfs, _btrfs, _swap, _fat):
        if found := look(data):
            return found
    return None


@dataclass(frozen=True, slots=True)
class Partition:
    """As blkid(8) would call it: `uuid` its PARTUUID, `label` its PARTLABEL (a GPT's only)."""

    uuid: str
    label: str | None


def partitions(data: bytes) -> dict[int, Partition]:
    """The partitions of the disk that begins with `data`, by number: a GPT's, else the first four of an MBR's table.

    UEFI specification, 5.3; sectors of 512 bytes.
    """
    if data[512:520] == b"EFI PART":
        count, size = struct.unpack_from("<II", data, 592)
        (first,) = struct.unpack_from("<Q", data, 584)
        rows = {number + 1: data[first * 512 + number * size :][:128] for number in range(min(count, 128))}
        return {number: _gpt(row) for number, row in rows.items() if len(row) == 128 and any(row[:16])}
    if data[510:512] != b"\x55\xaa":
        return {}
    (disk,) = struct.unpack_from("<I", data, 440)
    used = [number for number in range(1, 5) if data[446 + 16 * (number - 1) + 4]]
    return {number: Partition(f"{disk:08x}-{number:02x}", None) for number in used}


def _gpt(row: bytes) -> Partition:
    name = row[56:128].decode("utf-16-le", "replace").split("\0")[0]
    return Partition(str(uuid.UUID(bytes_le=row[16:32])), name or None)


def _text(data: bytes) -> str | None:
    return data.split(b"\0")[0].decode("utf-8", "replace").strip() or None


def _uuid(data: bytes) -> str | None:
    return str(uuid.UUID(bytes=data)) if len(data) == 16 and any(data) else None


def _ext(data: bytes) -> Superblock | None:
    """https://docs.kernel.org/filesystems/ext4/super.html"""
    block = data[1024:2048]
    if len(block) < 1024 or block[0x38:0x3A] != b"\x53\xef":
        return None
    compatible, incompatible = struct.unpack_from("<II", block, 0x5C)
    fstype = "ext4" if incompatible & 0x2C0 else "ext3" if compatible & 0x4 else "ext2"
    (state,) = struct.unpack_from("<H", block, 0x3A)
    clean = state & 0x3 == 0x1 and not incompatible & 0x4  # valid, no errors, no journal to replay
    blocks, shift = struct.unpack_from("<I", block, 0x4)[0], struct.unpack_from("<I", block, 0x18)[0]
    size = blocks << 10 + shift if shift < 7 else None  # of what is larger than 16 TiB, the lower half
    return Superblock(fstype, _text(block[0x78:0x88]), _uuid(block[0x68:0x78]), clean, size)


def _xfs(data: bytes) -> Superblock | None:
    if data[:4] != b"XFSB":
        return None
    return Superblock("xfs", _text(data[108:120]), _uuid(data[32:48]))


def _btrfs(data: bytes) -> Superblock | None:
    block = data[BTRFS_AT : BTRFS_AT + 4096]
    if block[0x40:0x48] != b"_BHRfS_M":
        return None
    return Superblock("btrfs", _text(block[0x12B:0x22B]), _uuid(block[0x20:0x30]))


def _swap(data: bytes) -> Superblock | None:
    if data[4086:4096] != b"SWAPSPACE2":
        return None
    return Superblock("swap", _text(data[1052:1068]), _uuid(data[1036:1052]))


def _fat(data: bytes) -> Superblock | None:
    if len(data) < 512 or data[510:512] != b"\x55\xaa":
        return None
    at = 0x43 if data[0x52:0x57] == b"FAT32" else 0x27 if data[0x36:0x39] == b"FAT" else None
    if at is None:
        return None
    number = data[at : at + 4][::-1].hex().upper()
    label = _text(data[at + 4 : at + 15])
    return Superblock("vfat", None if label == "NO NAME" else label, f"{number[:4]}-{number[4:]}")
