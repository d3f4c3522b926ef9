"""What this computer lacks for so many students with a lab each; nothing is started, and nothing is changed.

What a lab host takes was measured (benchmarks/README.md); what its guests may take stands in the lab.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kvmlab.classroom.policy import MEMORY, STUDENT_MEMORY
from kvmlab.course import Lab
from kvmlab.errors import KvmlabError
from kvmlab.labhost.computer.doctor import DoctorFinding, Level
from kvmlab.labhost.computer.findings import enforced_limits
from kvmlab.labhost.computer.free_memory import available_mib
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.holding import tried
from kvmlab.labhost.id_range import free_ranges
from kvmlab.labhost.own_limits import OwnLimits
from kvmlab.paths import State
from kvmlab.setup.memory import HOST_MIB, QEMU_MIB, memory_of
from kvmlab.words import t

SAVED_MIB, LAYER_MIB = 200, 60
"""Disk of a guest that was booted once and saved, and of what a lab host writes when it starts."""
INOTIFY = 8
"""inotify(7) instances of a lab host: systemd, udevd, libvirtd and D-Bus have five to seven."""
PROCESSES = 40
_PROC = Path("/proc/sys")


def examine(state: State, lab: Lab, students: int, limits: OwnLimits) -> Iterator[DoctorFinding]:
    """All findings for this lab and so many students who do not run it yet, the worst kind of lack first.

    `limits`: what the class lets a student's lab hosts have.
    """
    guests = len(lab.guests)
    seen = t("{students} lab hosts to be started, {guests} guests on each", students=students, guests=guests)
    yield DoctorFinding(lab.id, Level.GOOD, seen)
    yield _memory(lab, students)
    yield _space(state, lab, students)
    yield _inotify(students)
    yield _processes(students)
    yield _ids(students)
    yield from _wall(state, students, limits)
    yield from _of_a_student(state, lab, limits)


def _memory(lab: Lab, students: int) -> DoctorFinding:
    most = students * memory_of(lab.guests)
    usual = students * (HOST_MIB + sum(min(one.memory_mib, 128) + QEMU_MIB for one in lab.guests))
    free = available_mib()
    values = {"free": free, "usual": usual, "most": most}
    seen = t("{free} MiB available; {usual} MiB are usual, {most} MiB if all guests use all they have", **values)
    level = Level.GOOD if free >= most else Level.SLOW if free >= usual else Level.BAD
    todo = "" if level is Level.GOOD else f"kvmlab class start {lab.id} --group GROUP"
    return DoctorFinding(t("memory"), level, seen, todo)


def _space(state: State, lab: Lab, students: int) -> DoctorFinding:
    parent = next(path for path in (state.shared.root, *state.shared.root.parents) if path.exists())
    free = shutil.disk_usage(parent).free // 2**20
    needed = students * (LAYER_MIB + SAVED_MIB * len(lab.guests))
    seen = t("{free} MiB free at {path}; {needed} MiB are needed", free=free, path=parent, needed=needed)
    enough = free >= needed + 4096
    return DoctorFinding(t("space"), Level.GOOD if enough else Level.BAD, seen, "" if enough else f"df -h {parent}")


def _inotify(students: int) -> DoctorFinding:
    """The kernel counts them for the account that owns the lab hosts, however many user ids these have."""
    name = "fs.inotify.max_user_instances"
    return _setting(name, students * INOTIFY + 64, t("of all lab hosts together; {each} each", each=INOTIFY))


def _processes(students: int) -> DoctorFinding:
    return _setting("kernel.pid_max", students * PROCESSES + 4096, t("of this computer; {each} each", each=PROCESSES))


def _setting(name: str, needed: int, meaning: str) -> DoctorFinding:
    """A setting of the kernel, as sysctl(8) has it."""
    there = int((_PROC / name.replace(".", "/")).read_text(encoding="ascii"))
    values = {"there": there, "needed": needed, "meaning": meaning}
    seen = t("{there}, and {needed} are needed ({meaning})", **values)
    if there >= needed:
        return DoctorFinding(name, Level.GOOD, seen)
    larger = max(needed, 1024)
    command = f"echo {name}={larger} | sudo tee /etc/sysctl.d/90-{name}.conf && sudo sysctl -w {name}={larger}"
    return DoctorFinding(name, Level.BAD, seen, command)


def _ids(students: int) -> DoctorFinding:
    name = t("user ids")
    if os.getuid() != 0:
        seen = t("all lab hosts share your range of ids: for students who trust each other; a range each needs root")
        return DoctorFinding(name, Level.SLOW, seen)
    free = free_ranges()
    seen = t("a range of 65536 for each lab host; {free} are free", free=free)
    return DoctorFinding(
        name, Level.GOOD if free >= students else Level.BAD, seen, "" if free >= students else "kvmlab doctor"
    )


def _wall(state: State, students: int, own: OwnLimits) -> Iterator[DoctorFinding]:
    """What one student can take from the others."""
    limits, name = enforced_limits(state), t("limits")
    if not limits:
        yield DoctorFinding(name, Level.UNKNOWN, t("not known before a lab host has been started"), "kvmlab doctor")
        return
    missing = [_word(one) for one in _LIMITS if one not in limits]
    if own.disk_gib and not any(one.startswith("--storage-opt=size=") for one in remembered_podman(state).run_options):
        missing.append(t("disk space"))
    if missing:
        seen = t("not enforced here: {what}; one lab host may take what others need", what=", ".join(missing))
        yield DoctorFinding(name, Level.SLOW, seen)
    if not limits.keys() >= set(_LIMITS):
        return
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    most = own.memory_mib or limits["memory"]
    values = {"memory": most, "processes": limits["processes"], "total": total}
    seen = t("a lab host has {memory} MiB and {processes} processes at most; this computer has {total} MiB", **values)
    at_once = max(1, total // max(1, most))
    if at_once < students:
        seen += t(", which {count} lab hosts that take all they may can fill", count=at_once)
    level = Level.GOOD if at_once >= students else Level.SLOW
    yield DoctorFinding(name, level, seen, "" if level is Level.GOOD else f"${{EDITOR:-vi}} class.toml  # {MEMORY}")


_LIMITS = ("memory", "processes", "processor")


def _word(limit: str) -> str:
    return {"memory": t("memory"), "processes": t("processes"), "processor": t("processor time")}[limit]


def _of_a_student(state: State, lab: Lab, own: OwnLimits) -> Iterator[DoctorFinding]:
    """Whether a student's lab hosts can be held together, and whether a rehearsal has room beside what it rehearses."""
    name = t("limits of a student")
    if not own.together:
        return
    try:
        found = tried(state, remembered_podman(state), own)
    except KvmlabError as error:
        yield DoctorFinding(name, Level.UNKNOWN, error.message, error.todo)
        return
    if missing := [_word(one) for one, is_held in found.items() if not is_held]:
        seen = t("not enforced here: {what}; a student's lab hosts may take what others need", what=", ".join(missing))
        yield DoctorFinding(name, Level.SLOW, seen)
        return
    two = 2 * memory_of(lab.guests)
    if own.all_memory_mib and own.all_memory_mib < two:
        seen = t("{most} MiB; a rehearsal has two lab hosts at once: {needed} MiB if their guests use all they have",
                 most=own.all_memory_mib, needed=two)  # fmt: skip
        yield DoctorFinding(name, Level.SLOW, seen, f"${{EDITOR:-vi}} class.toml  # {STUDENT_MEMORY}")
        return
    yield DoctorFinding(name, Level.GOOD, t("a student's lab hosts together are held to what class.toml says"))
