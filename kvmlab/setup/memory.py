"""The memory that a lab host is made for. What it and QEMU take was measured (benchmarks/README.md)."""

from __future__ import annotations

from collections.abc import Iterable

from kvmlab.course.lab.model import GuestSpec

HOST_MIB, QEMU_MIB = 60, 60
"""Memory of a lab host without guests, and of a guest's QEMU besides the guest's own."""


def memory_of(guests: Iterable[GuestSpec]) -> int:
    """MiB of a lab host whose guests use all the memory they start with, and may be given."""
    return HOST_MIB + sum(max(one.memory_mib, one.max_memory_mib) + QEMU_MIB for one in guests)
