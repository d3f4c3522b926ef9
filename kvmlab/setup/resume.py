"""A lab host that no longer runs, started again: the computer was switched off, or somebody typed `reboot` on it.

It is the same container, so its disks and all that was done on it are as they were; what lies in memory or below /run
is gone, as on any host. Its libvirtd starts the guests that are marked for autostart. Rejected: saving the guests'
memory when the computer goes down, which tells nobody beforehand.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost import record
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import Condition, LabHost
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.podman import finish
from kvmlab.labhost.record import RUNNING, STOPPED, Run
from kvmlab.liveness import Silence
from kvmlab.setup.guest_wait import wait_for_guests
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import has_libvirt
from kvmlab.setup.start_record import note_boot
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import Progress

ANSWER_S = 60


def resume(place: LabPlace, progress: Progress) -> tuple[Run, bool]:
    """Start the lab host of a lab again; (run, False) where it runs. CannotRun where there is none to start."""
    with place.lock():
        run = _resumable(place)
        host = place.host(run, remembered_podman(place.state))
        condition = host.condition()
        if condition is Condition.GONE:
            raise CannotRun(t("The lab host of {lab} is gone.", lab=place.lab), f"kvmlab reset {place.lab}")
        if condition is Condition.STOPPED:
            progress.step(t("starting the lab host again"), None)
            _boot(host)
        progress.step(t("waiting for the lab host to answer"), None)
        _wait(host, run)
        run = run._replace(state=RUNNING, init=host.init)
        record.write(place.state, place.course_tag, run)
        killpoint("resume.recorded")
        return run, condition is Condition.STOPPED


def _resumable(place: LabPlace) -> Run:
    run = place.run()
    if run is None:
        raise CannotRun(t("{lab} has not been started.", lab=place.lab), f"kvmlab start {place.lab}")
    if run.state not in (RUNNING, STOPPED) or not run.instance or not run.compiled:
        message = t("{lab} was not fully started, so it cannot go on.", lab=place.lab)
        raise CannotRun(message, f"kvmlab reset {place.lab}")
    return run


def _boot(host: LabHost) -> None:
    killpoint("resume.found")
    finish(host.resume(), ("start",))
    host.started()
    note_boot(host)
    killpoint("resume.started")


def _wait(host: LabHost, run: Run) -> None:
    """Until it can be looked at. One that a student has broken may never answer; it is as he left it, and runs."""
    with contextlib.suppress(CannotRun):
        wait_for_guests(host.root, host.state.key_pair("look_key"), {}, Silence(ANSWER_S))
        if run.compiled and has_libvirt(run.compiled):
            with connected(host.root, Silence(ANSWER_S)):
                pass
