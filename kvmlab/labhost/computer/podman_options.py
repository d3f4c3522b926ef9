"""What podman needs on this computer to run lab hosts: found out by trying, once a boot, and remembered.

A version number proves nothing (facts differ between distributions), so each way is tried with a real container.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost.computer.findings import PODMAN, last_remembered, remember, remembered
from kvmlab.labhost.computer.fingerprint import boot_and_podman
from kvmlab.labhost.confinement import CAPABILITIES, Limits, confinement, own_cgroups
from kvmlab.labhost.id_range import release_range, reserve_range
from kvmlab.labhost.podman import Podman, failed
from kvmlab.paths import State
from kvmlab.words import t

_TRY_SECONDS = 60


def find_podman(state: State, image: str) -> Podman:
    """podman with the options under which a container of `image` really starts."""
    kept = remembered(state, PODMAN, _hangs_on(image))
    if kept:
        return Podman(tuple(kept["global_options"]), tuple(kept["run_options"]))
    with tempfile.TemporaryDirectory(dir=state.cache, prefix=".try-") as folder:
        found, limits = _first_that_works(image, Path(folder))
    remember(state, PODMAN, _hangs_on(image), {**asdict(found), "limits": limits})
    return found


def remembered_podman(state: State) -> Podman:
    """podman as it was last found to work, for containers that exist already."""
    try:
        found = last_remembered(state, PODMAN)
        return Podman(tuple(found["global_options"]), tuple(found["run_options"]))
    except (KeyError, TypeError):
        return Podman()


def _hangs_on(image: str) -> dict[str, str]:
    asked = repr((CAPABILITIES, Limits.of_this_computer(), _ulimits()))
    wall = sha256(asked.encode()).hexdigest()[:16]
    return {**boot_and_podman(), "image": image, "controllers": _controllers(), "wall": wall}


_SHOW_LIMITS = """
cd /sys/fs/cgroup
grep -Hs . memory.max memory/memory.limit_in_bytes pids.max pids/pids.max cpu.weight cpu/cpu.shares || true
"""


def _first_that_works(image: str, folder: Path) -> tuple[Podman, dict[str, int]]:
    """The first of the candidates under which a container as walled in as a lab host starts, and which limits it is
    really held to: podman passes over some where their cgroups are missing."""
    first_uid = reserve_range(()) if os.getuid() == 0 else None
    try:
        hooks, options = own_cgroups(folder, first_uid), confinement(folder, first_uid)
        first_error = ""
        for candidate in _candidates():
            tried = replace(candidate, global_options=(*candidate.global_options, *hooks))
            argv = ["run", "--rm", *candidate.run_options, *options, image, "sh", "-c", _SHOW_LIMITS]
            done = tried.attempt(*argv, timeout_s=_TRY_SECONDS)
            if done.returncode == 0:
                return candidate, _enforced(done.stdout)
            first_error = first_error or done.stderr
        raise failed(("run",), first_error)
    finally:
        if first_uid is not None:
            release_range(first_uid)


def _enforced(shown: str) -> dict[str, int]:
    """Those of the limits that the container's own cgroup names (cgroups(7), either version): MiB, number, weight."""
    limits = Limits.of_this_computer()
    memory, processes = str(limits.memory_mib * 2**20), str(limits.processes)
    usual = ("100", "1024")
    found = {}
    for file, value in (line.partition(":")[::2] for line in shown.splitlines()):
        if file.startswith("memory") and value == memory:
            found["memory"] = limits.memory_mib
        elif file.startswith("pids") and value == processes:
            found["processes"] = limits.processes
        elif file.startswith("cpu") and value not in usual:
            found["processor"] = limits.cpu_weight
    return found


def _candidates() -> Iterator[Podman]:
    """From what a current distribution needs to what an odd one does; with fewer limits only where there is no way."""
    ulimits = _ulimits()
    for limits in _limits(Limits.of_this_computer()):
        for manager in ((), ("--cgroup-manager=cgroupfs",)):
            for runtime in _runtimes():
                for run in ((), ulimits):
                    yield Podman((*runtime, *manager), (*limits, *run))


def _limits(wanted: Limits) -> Iterator[tuple[str, ...]]:
    """podman's options for all limits, then for those that an ordinary user's cgroups may lack (podman-run(1))."""
    memory = (f"--memory={wanted.memory_mib}m", f"--memory-swap={wanted.memory_mib}m")
    processes, weight = f"--pids-limit={wanted.processes}", f"--cpu-shares={wanted.cpu_shares}"
    size = f"--storage-opt=size={wanted.disk_gib}g"
    yield (*memory, processes, weight, size)
    yield (*memory, processes, weight)
    yield (*memory, processes)
    yield (processes,)
    yield ("--pids-limit=-1",)


CGROUPS = Path("/sys/fs/cgroup")


def _runtimes() -> tuple[tuple[str, ...], ...]:
    """podman's own choice first; but runc where cgroups v1 and v2 are mixed.

    There crun starts nothing as soon as v2 has a controller, and v1 takes them and gives them back as containers
    come and go: what works now may not in a minute.
    """
    default, crun, runc = (), ("--runtime=crun",), ("--runtime=runc",)
    pure = (CGROUPS / "cgroup.controllers").exists()
    return (default, crun, runc) if pure else (runc, default, crun)


def _controllers() -> str:
    """The controllers that cgroups v2 has now, in either layout (cgroups(7))."""
    paths = (CGROUPS / "cgroup.controllers", CGROUPS / "unified/cgroup.controllers")
    return " ".join(path.read_text().strip() for path in paths if path.exists())


def _ulimits() -> tuple[str, ...]:
    """A process's limits within our own, for where podman may not raise its (no CAP_SYS_RESOURCE; getrlimit(2))."""
    wanted = (("nofile", resource.RLIMIT_NOFILE, Limits.open_files), ("nproc", resource.RLIMIT_NPROC, 8000))
    limits = []
    for name, number, enough in wanted:
        hard = resource.getrlimit(number)[1]
        most = enough if hard == resource.RLIM_INFINITY else min(hard, enough)
        limits.append(f"--ulimit={name}={most}:{most}")
    return tuple(limits)


def require_space(path: Path, mib: int) -> None:
    """CannotRun unless `path`'s file system has `mib` MiB left (statvfs(3))."""
    free = os.statvfs(path).f_bavail * os.statvfs(path).f_frsize // 2**20
    if free < mib:
        raise CannotRun(
            t("{path} has {free} MiB left; {mib} MiB are needed.", path=path, free=free, mib=mib), f"df -h {path}"
        )
