"""What the head of a qcow2 image says of the file it is in (docs/interop/qcow2.rst of QEMU)."""

from __future__ import annotations

import struct

_HEAD = struct.Struct(">4sIQIIQIIQQI")  # … L1 entries at 7, L1 offset at 8, reference counts' offset and clusters at 9


def is_cut_short(head: bytes, length: int) -> bool:
    """Whether the file ends before the tables that its head points to: QEMU then reads zeros in their place."""
    if len(head) < _HEAD.size:
        return False
    magic, version, _, _, bits, _, _, entries, table, counts, clusters = _HEAD.unpack_from(head)
    if magic != b"QFI\xfb" or version < 2:
        return False
    ends: int = max(table + entries * 8, counts + (clusters << bits if bits < 32 else 0))
    return length < ends
