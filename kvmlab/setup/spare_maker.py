"""Making the lab host in waiting: a process of its own, behind everything else that this computer does.

`python -m kvmlab.setup.spare_maker COURSE-TAG LAB`; what it has to say goes to spare.log in the state directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun, KvmlabError
from kvmlab.images import Quiet
from kvmlab.killpoints import killpoint
from kvmlab.labhost.computer.free_memory import available_mib
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.podman import Podman
from kvmlab.labhost.record import RUNNING, Run
from kvmlab.paths import State
from kvmlab.settings import spare_wanted
from kvmlab.setup.lab_host import lab_host
from kvmlab.setup.materials import Materials
from kvmlab.setup.spare import find, keep_ready
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Lab

HOST_MIB, FREE_MIB = 400, 1024
"""What a lab host takes besides its guests' memory, and what is left for all else."""
SHARES = 2
"""The least weight a cgroup can have (podman-run(1), --cpu-shares): whatever else wants a processor has it first."""


def make_behind(place: LabPlace) -> None:
    """Begin to make the lab host in waiting of `place`, unless that is not wanted; returns at once. Where nobody can
    tell what is wanted, it says so: what the student has asked for is done."""
    try:
        if not spare_wanted():
            return
    except KvmlabError as error:
        print(f"kvmlab: {error.message}", file=sys.stderr)
        return
    argv = [sys.executable, "-P", "-m", "kvmlab.setup.spare_maker", place.course_tag, place.lab]
    with (place.state.root / "spare.log").open("w", encoding="utf-8") as log:
        subprocess.Popen(
            argv,
            env={**os.environ, "KVMLAB_STATE": str(place.state.root)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def make(place: LabPlace) -> None:
    """Make it, whole or not at all. CannotRun where the lab is reset or finished meanwhile, or memory is short."""
    run = place.run()
    if run is None or run.state != RUNNING or run.compiled is None:
        raise CannotRun(t("{lab} does not run.", lab=place.lab), f"kvmlab start {place.lab}")
    _require_memory(run.compiled)
    with place.state.lock(f"spare-{place.course_tag}-{place.lab}", wait=False):
        materials = Materials.of(place.state, run.compiled, Quiet())
        if find(place, run.compiled, materials):
            return
        host = LabHost.fresh(place.label, place.state, _behind(materials.podman))
        with lab_host(host, materials, run.compiled, Quiet()), place.lock():
            _require_the_same(place, run)
            keep_ready(host, run.compiled, materials)


def _require_the_same(place: LabPlace, run: Run) -> None:
    now = place.run()
    if now is None or (now.state, now.instance) != (run.state, run.instance):
        raise CannotRun(t("{lab} was reset or finished meanwhile.", lab=place.lab), "kvmlab status")
    killpoint("spare.wanted")


def _behind(podman: Podman) -> Podman:
    """podman with whose lab hosts nobody shares a processor who wants it whole; where it can weigh them at all."""
    weighed = any(option.startswith("--cpu-shares=") for option in podman.run_options)
    return replace(podman, run_options=(*podman.run_options, f"--cpu-shares={SHARES}")) if weighed else podman


def _require_memory(lab: Lab) -> None:
    needed = HOST_MIB + FREE_MIB + sum(guest.memory_mib for guest in lab.guests)
    if (free := available_mib()) < needed:
        raise CannotRun(t("{free} MiB of memory are free; {needed} MiB are needed.", free=free, needed=needed), "free")


def main() -> int:
    """What this process does; 3 where there is no lab host in waiting afterwards."""
    _, course_tag, lab = sys.argv
    os.sched_setscheduler(0, os.SCHED_IDLE | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    try:
        make(LabPlace(State(), course_tag, lab))
    except KvmlabError as error:
        print(error.message, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
