"""What podman needs on this computer to run lab hosts: found out by trying, once a boot, and remembered.

A version number proves nothing (facts differ between distributions), so each way is tried with a real container.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost.cache import last_remembered, remember, remembered
from kvmlab.labhost.computer import boot_and_podman
from kvmlab.labhost.podman import Podman, failed
from kvmlab.paths import State
from kvmlab.words import t

CAPABILITIES = (
    "AUDIT_WRITE,CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER,FSETID,IPC_LOCK,KILL,LEASE,MKNOD,NET_ADMIN,"
    "NET_BIND_SERVICE,NET_RAW,SETFCAP,SETGID,SETPCAP,SETUID,SYS_ADMIN,SYS_CHROOT,SYS_NICE,SYS_PTRACE"
)
"""What systemd, libvirtd and qemu need; no raw I/O, no modules, no clock, no reboot (capabilities(7))."""

UNCONFINED = ("seccomp=unconfined", "apparmor=unconfined", "label=disable")
UNMASKED = "unmask=ALL"
"""A user namespace may mount /proc and /sys anew (ip-netns(8) does) only where nothing of them is masked.
Real root needs no such thing, and must not be given /proc/sysrq-trigger."""
_TRY_SECONDS = 60
_PODMAN = "podman"


def container_options() -> list[str]:
    """The options every lab host has: what it may do, and the devices it is lent."""
    options = [f"--cap-add={CAPABILITIES}", "--network=none", "--systemd=always"]
    options += [f"--security-opt={option}" for option in (*UNCONFINED, *([UNMASKED] if os.getuid() else []))]
    devices = ("/dev/net/tun", "/dev/kvm", "/dev/vhost-net")
    return options + [f"--device={path}" for path in devices if os.access(path, os.R_OK | os.W_OK)]


def find_podman(state: State, image: str) -> Podman:
    """podman with the options under which a container of `image` really starts."""
    kept = remembered(state, _PODMAN, _hangs_on(image))
    if kept:
        return Podman(tuple(kept["global_options"]), tuple(kept["run_options"]))
    found = _first_that_works(image)
    remember(state, _PODMAN, _hangs_on(image), asdict(found))
    return found


def remembered_podman(state: State) -> Podman:
    """podman as it was last found to work, for containers that exist already."""
    try:
        found = last_remembered(state, _PODMAN)
        return Podman(tuple(found["global_options"]), tuple(found["run_options"]))
    except (KeyError, TypeError):
        return Podman()


def _hangs_on(image: str) -> dict[str, str]:
    return {**boot_and_podman(), "image": image, "controllers": _controllers()}


def _first_that_works(image: str) -> Podman:
    first_error = ""
    for candidate in _candidates():
        done = candidate.attempt(
            "run", "--rm", *candidate.run_options, *container_options(), image, "/bin/true", timeout_s=_TRY_SECONDS
        )
        if done.returncode == 0:
            return candidate
        first_error = first_error or done.stderr
    raise failed(("run",), first_error)


def _candidates() -> Iterator[Podman]:
    """From what a current distribution needs (nothing) to what an odd one does."""
    limits = _own_limits()
    for manager in ((), ("--cgroup-manager=cgroupfs",)):
        for runtime in _runtimes():
            for run in ((), ("--pids-limit=-1",), limits, (*limits, "--pids-limit=-1")):
                yield Podman((*runtime, *manager), tuple(run))


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


def _own_limits() -> tuple[str, ...]:
    """Modest limits within our own, for where podman may not raise its (no CAP_SYS_RESOURCE; getrlimit(2))."""
    wanted = (("nofile", resource.RLIMIT_NOFILE, 16384), ("nproc", resource.RLIMIT_NPROC, 8000))
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
            t("{path} has {free} MiB left; {mib} MiB are needed.", path=path, free=free, mib=mib),
            f"df -h {path}",
        )
