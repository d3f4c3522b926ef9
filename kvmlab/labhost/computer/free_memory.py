"""How much memory is free on this computer."""

from __future__ import annotations

from pathlib import Path


def available_mib() -> int:
    """What can be taken without swapping (proc(5), /proc/meminfo, MemAvailable)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    return int(lines["MemAvailable"].split()[0]) // 1024
