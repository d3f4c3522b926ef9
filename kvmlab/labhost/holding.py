"""The cgroup that holds all lab hosts of one state directory together, made, tried and removed.

Where podman makes cgroups itself, it is a folder in each controller's tree; where systemd makes them, it is a slice
(systemd.slice(5)), and systemd sets its limits: two writers undo each other's work.
Rejected: a pod for each student (podman-pod-create(1)), which has no limit of processes.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost import cgroups
from kvmlab.labhost.cgroups import is_version_2, tree
from kvmlab.labhost.computer.findings import remember, remembered
from kvmlab.labhost.computer.fingerprint import boot_and_podman
from kvmlab.labhost.own_limits import OwnLimits, limits_of
from kvmlab.labhost.podman import Podman
from kvmlab.labhost.together import ABOVE, CONTROLLERS, USUAL_WEIGHT, Held, held_in, slice_of, taken_mib, values_of
from kvmlab.paths import State
from kvmlab.words import t

_SYSTEMCTL_S = 60


def hold_together(state: State, podman: Podman) -> list[str]:
    """The option of podman-run(1) that puts a lab host below its state directory's cgroup, which is made, with the
    limits there are now. None where no limit is set, or none can be held here (`kvmlab class doctor` says so).

    CannotRun where they take more already: a limit set now would end something that runs.
    """
    limits = limits_of(state)
    if not limits.together:
        return []
    if _by_systemd(state, podman):
        return [f"--cgroup-parent={slice_of(state.tag)}"] if _set_slice(state.tag, limits) else []
    return [f"--cgroup-parent=/{ABOVE}/{state.tag}"] if _set_folders(state.tag, limits) else []


def require_room(state: State, podman: Podman, needed_mib: int) -> None:
    """CannotRun where one more lab host that takes so much would have something ended that runs (of all the processes
    below a cgroup that has no memory left the kernel chooses one)."""
    most = limits_of(state).all_memory_mib
    if not most:
        return
    folders = _slice_folders(state.tag) if _by_systemd(state, podman) else _folders(state.tag)
    with contextlib.suppress(OSError, KeyError):
        if (taken := taken_mib(folders["memory"])) + needed_mib > most:
            values = {"now": taken, "most": most, "needed": needed_mib}
            said = t("The lab hosts take {now} MiB together, and may take {most}; {needed} more are needed.", **values)
            raise CannotRun(said, "kvmlab finish LAB")


def let_go(tag: str) -> None:
    """Remove the folders of a state directory's cgroup, unless something is in it. A slice goes at the next boot."""
    for pattern in (f"{ABOVE}/{tag}", f"*/{ABOVE}/{tag}"):
        for path in cgroups.CGROUPS.glob(pattern):
            for empty in (path / "conmon", path):
                with contextlib.suppress(OSError):
                    empty.rmdir()


def tried(state: State, podman: Podman, limits: OwnLimits) -> dict[str, bool]:
    """Whether this computer holds lab hosts together to the limits that are set, by trying: "memory", "processes",
    "processor". Nothing runs in the cgroup that is made for it."""
    tag = f"try{os.getpid()}"
    try:
        found = _tried_slice(tag, limits) if _by_systemd(state, podman) else _tried_folders(tag, limits)
    except (OSError, ValueError):
        found = Held()
    wanted = (
        ("memory", limits.all_memory_mib, found.most_memory_mib),
        ("processes", limits.all_processes, found.most_processes),
        ("processor", limits.all_cpu_weight, found.cpu_weight),
    )
    return {word: there == want for word, want, there in wanted if want}


def _tried_folders(tag: str, limits: OwnLimits) -> Held:
    try:
        _set_folders(tag, limits)
        return held_in(_folders(tag))
    finally:
        let_go(tag)


def _tried_slice(tag: str, limits: OwnLimits) -> Held:
    try:
        _set_slice(tag, limits)
        _systemctl("start", slice_of(tag))
        return held_in(_slice_folders(tag))
    finally:
        _systemctl("stop", slice_of(tag))
        _systemctl("revert", slice_of(tag))


def _set_folders(tag: str, limits: OwnLimits) -> bool:
    """Whether there is one at all; a limit that cannot be held is passed over."""
    made, folders = False, _folders(tag)
    for controller, values in values_of(limits).items():
        folder = folders[controller]
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for parent in (folder.parent.parent, folder.parent) if is_version_2() else ():
                (parent / "cgroup.subtree_control").write_text(f"+{controller}")
            made = True
            if controller == "memory":
                _must_fit(folder, limits.all_memory_mib)
        for file, value in values:
            with contextlib.suppress(OSError):
                _write(folder / file, value)
    return made


def _folders(tag: str) -> dict[str, Path]:
    return {one: tree(one) / ABOVE / tag for one in CONTROLLERS}


def _set_slice(tag: str, limits: OwnLimits) -> bool:
    with contextlib.suppress(OSError, KeyError):
        _must_fit(_slice_folders(tag)["memory"], limits.all_memory_mib)
    memory = f"{limits.all_memory_mib}M" if limits.all_memory_mib else "infinity"
    return _systemctl(
        "set-property", "--runtime", slice_of(tag),
        f"MemoryMax={memory}", f"MemorySwapMax={0 if limits.all_memory_mib else 'infinity'}",
        f"TasksMax={limits.all_processes or 'infinity'}", f"CPUWeight={limits.all_cpu_weight or USUAL_WEIGHT}",
    ) is not None  # fmt: skip


def _write(file: Path, value: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)  # makes none
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _must_fit(folder: Path, most_mib: int) -> None:
    """CannotRun where what is there takes more memory than it is to have."""
    if most_mib and (taken := taken_mib(folder)) > most_mib:
        said = t("The lab hosts take {now} MiB together, and may take {most}.", now=taken, most=most_mib)
        raise CannotRun(said, "kvmlab finish LAB")


def _by_systemd(state: State, podman: Podman) -> bool:
    """Whether podman has systemd make its cgroups (podman-info(1))."""
    hangs_on = {**boot_and_podman(), "options": " ".join(podman.global_options)}
    if (kept := remembered(state, "cgroup-manager", hangs_on)) is None:
        kept = podman.run("info", "--format={{.Host.CgroupManager}}").strip()
        remember(state, "cgroup-manager", hangs_on, kept)
    return bool(kept == "systemd")


def _slice_folders(tag: str) -> dict[str, Path]:
    shown = _systemctl("show", "--property=ControlGroup", "--value", slice_of(tag))
    path = (shown or "").strip().lstrip("/")
    return {one: tree(one) / path for one in CONTROLLERS} if path else {}


def _systemctl(*argv: str) -> str | None:
    """What systemctl(1) prints; None where it does not do it."""
    own = () if os.getuid() == 0 else ("--user",)
    try:
        done = subprocess.run(
            ["systemctl", *own, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=_SYSTEMCTL_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
