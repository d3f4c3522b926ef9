"""Filesystems told from their first bytes, as the real tools made them."""

from __future__ import annotations

import os
import struct
import subprocess
import uuid
from pathlib import Path

import pytest

from kvmlab.remote.parsing.superblock import Partition, identify, partitions

UUID = "d479f278-319e-44a2-8821-73cdfb2ffbd8"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def made(tmp_path: Path, *argv: str) -> bytes:
    image = tmp_path / "image"
    image.write_bytes(bytes(16 << 20))
    subprocess.run([*argv, str(image)], check=True, capture_output=True, env={"PATH": PATH})
    return image.read_bytes()[:69632]


@pytest.mark.parametrize("fstype", ["ext2", "ext3", "ext4"])
def test_the_ext_family(tmp_path: Path, fstype: str) -> None:
    found = identify(made(tmp_path, "mke2fs", "-q", "-F", "-t", fstype, "-L", "data", "-U", UUID))
    assert found is not None
    assert (found.fstype, found.label, found.uuid, found.clean) == (fstype, "data", UUID, True)


def test_swap(tmp_path: Path) -> None:
    found = identify(made(tmp_path, "mkswap", "-L", "swp", "-U", UUID))
    assert found is not None
    assert (found.fstype, found.label, found.uuid) == ("swap", "swp", UUID)


def test_fat() -> None:
    data = bytearray(69632)
    data[510:512], data[0x36:0x3B] = b"\x55\xaa", b"FAT16"
    data[0x27:0x2B], data[0x2B:0x36] = bytes.fromhex("78563412"), b"USB        "
    found = identify(bytes(data))
    assert found is not None
    assert (found.fstype, found.label, found.uuid) == ("vfat", "USB", "1234-5678")


def test_xfs_and_btrfs() -> None:
    xfs = bytearray(4096)
    xfs[:4], xfs[32:48], xfs[108:112] = b"XFSB", bytes(range(16)), b"logs"
    found = identify(bytes(xfs))
    assert found is not None and (found.fstype, found.label) == ("xfs", "logs")
    btrfs = bytearray(69632)
    btrfs[0x10040:0x10048], btrfs[0x1012B:0x10130] = b"_BHRfS_M", b"tree\0"
    found = identify(bytes(btrfs))
    assert found is not None and (found.fstype, found.label, found.uuid) == ("btrfs", "tree", None)


@pytest.mark.parametrize("data", [b"", bytes(100), bytes(69632), b"\xff" * 69632, os.urandom(3000)], ids=len)
def test_nothing_known(data: bytes) -> None:
    assert identify(data) is None


def test_the_partitions_of_a_gpt() -> None:
    data = bytearray(69632)
    data[510:512], data[512:520] = b"\x55\xaa", b"EFI PART"
    struct.pack_into("<Q", data, 512 + 72, 2)
    struct.pack_into("<II", data, 512 + 80, 128, 128)
    second = 2 * 512 + 128
    data[second : second + 16], data[second + 16 : second + 32] = b"x" * 16, uuid.UUID(UUID).bytes_le
    data[second + 56 : second + 64] = "data".encode("utf-16-le")
    assert partitions(bytes(data)) == {2: Partition(UUID, "data")}
    assert partitions(bytes(data[:1024])) == {}


def test_the_partitions_of_an_mbr() -> None:
    data = bytearray(512)
    data[510:512], data[440:444], data[446 + 16 + 4] = b"\x55\xaa", bytes.fromhex("78563412"), 0x83
    assert partitions(bytes(data)) == {2: Partition("12345678-02", None)}


def test_no_partitions() -> None:
    assert partitions(b"") == partitions(bytes(69632)) == {}
