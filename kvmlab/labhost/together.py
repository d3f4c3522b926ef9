"""What all lab hosts of one state directory may take together: a cgroup above theirs (cgroups(7), either version).

The limits of each (confinement.Limits) do not hold their sum: a student may have several, and a reset or a rehearsal
has one more for a while. This module knows its names and reads it; labhost.holding makes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kvmlab.labhost.cgroups import cgroup_of, is_version_2
from kvmlab.labhost.own_limits import OwnLimits, limits_of
from kvmlab.paths import State

ABOVE = "kvmlab"
USUAL_WEIGHT = 100
CONTROLLERS = ("memory", "pids", "cpu")
MIB = 2**20
USED = ("memory.current", "memory.usage_in_bytes")
_UNLIMITED = 2**60


class Held(NamedTuple):
    """What lab hosts take together and may take at most; None: no limit, or none that the kernel holds here.
    `cpu_weight`: 100 is usual."""

    memory_mib: int = 0
    most_memory_mib: int | None = None
    processes: int = 0
    most_processes: int | None = None
    cpu_weight: int | None = None


def held(tag: str, init: int) -> Held | None:
    """What the kernel says of all lab hosts of a state directory together, one of which has this first process. None:
    nothing holds them together."""
    folders = {}
    for controller in CONTROLLERS:
        with contextlib.suppress(OSError, ValueError):
            above = cgroup_of(init, controller).parent
            if above.name in (tag, slice_of(tag)):
                folders[controller] = above
    return held_in(folders) if folders else None


def weight_together(state: State, init: int) -> tuple[Path, int] | None:
    """The file with the weight of all lab hosts together, and what it is when nobody looks; None: there is none."""
    limits = limits_of(state)
    if not limits.together:
        return None
    name, usual = values_of(limits)["cpu"][-1]
    with contextlib.suppress(OSError, ValueError):
        above = cgroup_of(init, "cpu").parent
        return (above / name, int(usual)) if above.name in (state.tag, slice_of(state.tag)) else None
    return None


def values_of(limits: OwnLimits) -> dict[str, list[tuple[str, str]]]:
    """For each controller its files and what is written into them, in this order (cgroups-v1: memory.txt: memory and
    swap together are never less than memory, so whether one is raised or lowered, one of the two tries is right)."""
    memory, processes = limits.all_memory_mib * MIB, str(limits.all_processes or "max")
    weight = limits.all_cpu_weight or USUAL_WEIGHT
    if is_version_2():
        no_swap, most = ("memory.swap.max", "0" if memory else "max"), ("memory.max", str(memory or "max"))
        return {"memory": [no_swap, most], "pids": [("pids.max", processes)], "cpu": [("cpu.weight", str(weight))]}
    most = ("memory.limit_in_bytes", str(memory or -1))
    both = ("memory.memsw.limit_in_bytes", str(memory or -1))
    shares = ("cpu.shares", str(weight * 1024 // 100))
    return {"memory": [most, both, most], "pids": [("pids.max", processes)], "cpu": [shares]}


def held_in(folders: Mapping[str, Path]) -> Held:
    """What stands in the files of these cgroups, of either version."""
    memory, pids, cpu = (folders.get(one, Path("/nonexistent")) for one in CONTROLLERS)
    now, most = number_in(memory, USED), number_in(memory, ("memory.max", "memory.limit_in_bytes"))
    shares = number_in(cpu, ("cpu.shares",))
    return Held(
        (now or 0) // MIB,
        most // MIB if most and most < _UNLIMITED else None,
        number_in(pids, ("pids.current",)) or 0,
        number_in(pids, ("pids.max",)),
        number_in(cpu, ("cpu.weight",)) if shares is None else -(-shares * 100 // 1024),
    )


def number_in(folder: Path, names: tuple[str, ...]) -> int | None:
    """The number in the first of these files that is there; None for "max", and where none is."""
    for name in names:
        with contextlib.suppress(OSError):
            text = (folder / name).read_text(encoding="ascii").strip()
            return int(text) if text.isdigit() else None
    return None


def taken_mib(folder: Path) -> int:
    """The memory that a cgroup takes, without what the kernel keeps of files and can give back (memory.stat)."""
    lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    stat = {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
    prefix = "total_" if "total_inactive_file" in stat else ""
    files = sum(stat.get(f"{prefix}{kind}_file", 0) for kind in ("active", "inactive"))
    return ((number_in(folder, USED) or 0) - files) // MIB


def slice_of(tag: str) -> str:
    """systemd's name for a state directory's cgroup."""
    return f"{ABOVE}-{tag}.slice"
