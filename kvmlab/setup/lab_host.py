"""One lab host with a lab on it: its container started, its guests brought up, its set-up done."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.disk_space import no_space
from kvmlab.errors import CannotRun
from kvmlab.images.memory import forget_host_images
from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.holding import require_room
from kvmlab.labhost.podman import finish
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import HostRoot
from kvmlab.remote.paramiko_import import paramiko_module
from kvmlab.setup.clocks import clocks_set
from kvmlab.setup.files import lay_ready
from kvmlab.setup.guest_wait import host_session, wait_for_guests
from kvmlab.setup.guests import PlacedGuest, bring_up
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import Materials, has_libvirt
from kvmlab.setup.memory import memory_of
from kvmlab.setup.objects import bring_up_objects, run_setup
from kvmlab.setup.start_record import PictureConnections
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress

BOOT_S = 30
"""How long a lab host that boots may do nothing at all."""
ANSWER_S, MOST = 180, 10
"""How long guests may take to answer: so many seconds while nothing computes on the lab host, and while something does
(one that boots, or one that hangs, if it is emulated) so many times as long."""


@contextlib.contextmanager
def lab_host(host: LabHost, materials: Materials, lab: Lab, progress: BuildProgress) -> Iterator[LabHost]:
    """A lab host with `lab` on it; removed if anything fails, kept when the block ends well."""
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        require_room(host.state, host.podman, memory_of(lab.guests))
        host.prepare_run_dir()
        runs_on = materials.domain_type
        lay_ready(host.state, host.start_dir, lab.guests, lab.files, materials.seeds, domain_type=runs_on)
        killpoint("start.run_dir")
        progress.step(t("starting the lab host"), None)
        process = host.start(materials.host_image, materials.volumes())
        _import_meanwhile()
        try:
            finish(process, ("run",))
        except CannotRun:
            forget_host_images(host.state)  # it may be gone: the next start asks podman
            raise
        host.started()
        killpoint("start.container")
        if has_libvirt(lab):
            remembering = _bring_up(host, materials, lab, progress)
        else:
            _prepared(host.root, Silence(BOOT_S, host.work))
            killpoint("start.guests")  # there are none
            remembering = wait_for(host, materials, lab, progress)
        killpoint("start.reachable")
        run_setup(host, lab)
        killpoint("start.setup")
        remembering.remember(lab)
        killpoint("start.remembered")
        yield host
        undo.pop_all()


def _bring_up(host: LabHost, materials: Materials, lab: Lab, progress: BuildProgress) -> PictureConnections:
    """Define and start the guests and the lab's other objects; return when the guests answer and their clocks are
    right."""
    with connected(host.root, Silence(BOOT_S, host.work)) as connection:
        _prepared(host.root, Silence(BOOT_S, host.work))
        killpoint("start.libvirt")
        if materials.guests:
            progress.step(t("restoring the guests"), None)
        bring_up(connection, materials.guests, materials.restorable())
        killpoint("start.guests")
        with clocks_set(connection, host, sorted(_addresses(materials.guests).keys() & materials.restorable())):
            bring_up_objects(connection, lab)
            killpoint("start.objects")
            return wait_for(host, materials, lab, progress)


def wait_for(host: LabHost, materials: Materials, lab: Lab, progress: BuildProgress) -> PictureConnections:
    """Until the lab host and its guests answer; how it is at its start is being remembered meanwhile."""
    if materials.guests:
        progress.step(t("waiting for the guests to answer"), None)
    silence = Silence(ANSWER_S, host.work, ANSWER_S * MOST)
    session = host_session(host.root, host.state.key_pair("look_key"), silence)
    remembering = PictureConnections(host, session, has_libvirt=has_libvirt(lab))
    wait_for_guests(session, _addresses(materials.guests), silence)
    return remembering


def _import_meanwhile() -> None:
    """Import libvirt and paramiko while podman is at work: 0.2 s that nobody waits for."""
    import libvirt  # noqa: F401

    paramiko_module()


def _prepared(root: HostRoot, silence: Silence) -> None:
    """Return when labhost/inside/prepare has done its work; CannotRun with its words if it failed, or fell silent."""
    while not (answer := _written(root, "prepared")) and not silence.over:
        time.sleep(0.01)
    if answer != "done":
        if full := no_space(_written(root, "prepare.err")):
            raise full
        said = _written(root, "prepare.err")[-300:] or t("it did not answer")
        raise CannotRun(t("The lab host could not be prepared: {said}", said=said), "kvmlab doctor")


def _written(root: HostRoot, name: str) -> str:
    """What `prepare` has written there; "" also for a file it has opened and not written to yet."""
    try:
        return root.text(f"/run/kvmlab/{name}").strip()
    except OSError:
        return ""


def _addresses(guests: Sequence[PlacedGuest]) -> dict[str, str]:
    running_ones = [guest.spec for guest in guests if guest.restorable and guest.spec.state == "running"]
    return {spec.name: spec.address for spec in running_ones}
