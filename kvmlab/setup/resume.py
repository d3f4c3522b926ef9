"""A lab host that no longer runs, started again: the computer was switched off, or somebody typed `reboot` on it.
One that runs after the computer was suspended has its guests' clocks set.

It is the same container, so its disks and all that was done on it are as they were; what lies in memory or below /run
is gone, as on any host. Its libvirtd starts the guests that are marked for autostart. Rejected: saving the guests'
memory when the computer goes down, which tells nobody beforehand.
"""

from __future__ import annotations

import contextlib
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab import process
from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost import record
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import Condition, LabHost
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.podman import finish
from kvmlab.labhost.record import RUNNING, STOPPED, Run
from kvmlab.liveness import Silence
from kvmlab.setup.clocks import clocks_set
from kvmlab.setup.guest_wait import host_session
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import has_libvirt
from kvmlab.setup.start_record import note_boot
from kvmlab.suspension import suspended_s
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress

ANSWER_S = 60
_STOPPING_S, _PAUSE_S = 120.0, 0.5


class Resumed(Enum):
    """What `resume` has done: the lab host is up again, its guests' clocks are set, or nothing was to do."""

    BOOTED = "booted"
    CLOCKS = "clocks"
    NOTHING = "nothing"


def resume(place: LabPlace, progress: BuildProgress) -> Resumed:
    """Start the lab host of a lab again. CannotRun where there is none to start."""
    with place.lock():
        run = _resumable(place)
        host = place.host(run, remembered_podman(place.state))
        condition = _settled(host, progress)
        if condition is Condition.GONE:
            raise CannotRun(t("The lab host of {lab} is gone.", lab=place.lab), f"kvmlab reset {place.lab}")
        booted = condition is Condition.STOPPED
        if booted:
            progress.step(t("starting the lab host again"), None)
            _boot(host)
        progress.step(t("waiting for the lab host to answer"), None)
        _wait(host, run, set_clocks=bool(run.slept_s))
        now = run._replace(state=RUNNING, init=host.init, suspended_s=suspended_s())
        record.write(place.state, place.course_tag, now)
        killpoint("resume.recorded")
        return Resumed.BOOTED if booted else Resumed.CLOCKS if run.slept_s else Resumed.NOTHING


def _settled(host: LabHost, progress: BuildProgress) -> Condition:
    """How its container is, once it is not just about to end."""
    condition, silence = host.condition(), Silence(_STOPPING_S, host.work)
    stopping = condition is Condition.RUNNING and _is_stopping(host)
    while stopping and condition is Condition.RUNNING and not silence.over:
        progress.step(t("waiting for the lab host to shut down"), None)
        time.sleep(_PAUSE_S)
        condition = host.condition()
    return condition


def _is_stopping(host: LabHost) -> bool:
    """Whether its systemd, or what becomes of it at the very end, shuts it down (systemctl(1): is-system-running)."""
    with contextlib.suppress(CannotRun, OSError):
        if Path(f"/proc/{process.number(host.init)}/comm").read_text().startswith("systemd-shutdow"):
            return True
        return host.execute(["systemctl", "is-system-running"], timeout_s=20).stdout.strip() == "stopping"
    return False


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


def _wait(host: LabHost, run: Run, *, set_clocks: bool) -> None:
    """Until it can be looked at, its running guests' clocks set where that is wanted. One that a student has broken
    may never answer; it is as he left it, and runs."""
    import libvirt

    with contextlib.suppress(CannotRun, libvirt.libvirtError):
        host_session(host.root, host.state.key_pair("look_key"), Silence(ANSWER_S)).close()
        if run.compiled and has_libvirt(run.compiled):
            with connected(host.root, Silence(ANSWER_S)) as connection:
                guests = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING) if set_clocks else []
                with clocks_set(connection, host, [guest.name() for guest in guests]):
                    pass
