"""Start, reset and finish a lab: each can be killed at any killpoint, and the next one puts things right.

The record is written before the container exists, so whatever a killed kvmlab left is found by it; the
old lab host is removed while the new one starts, which is safe because they share no name and no file.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.disk_space import no_space
from kvmlab.errors import CannotRun
from kvmlab.images.memory import forget_host_images
from kvmlab.killpoints import killpoint
from kvmlab.labhost import record
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import Condition, LabHost, sweep
from kvmlab.labhost.podman import Podman
from kvmlab.labhost.podman import finish as finish_podman
from kvmlab.labhost.record import RUNNING, STARTING, STOPPED, STOPPING, Run, run_of
from kvmlab.liveness import Silence
from kvmlab.paths import State
from kvmlab.remote.host_root import HostRoot
from kvmlab.setup.clocks import clocks_set
from kvmlab.setup.files import lay_ready
from kvmlab.setup.guest_wait import wait_for_guests
from kvmlab.setup.guests import PlacedGuest, bring_up
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import Materials, has_libvirt
from kvmlab.setup.objects import bring_up_objects, run_setup
from kvmlab.setup.outdated import twice
from kvmlab.setup.start_record import Remembering
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import Progress

BOOT_S = 30
"""How long a lab host that boots may do nothing at all."""
ANSWER_S, MOST = 180, 10
"""How long guests may take to answer: so many seconds while nothing computes on the lab host, and while something does
(one that boots, or one that hangs, if it is emulated) so many times as long."""


@dataclass(frozen=True)
class Place:
    """Where a lab runs: one lab of one course in one state directory."""

    state: State
    course_tag: str
    lab: str

    def run(self) -> Run | None:
        """What is known of a start that has begun and not been undone; None where there is none."""
        return run_of(self.state, self.course_tag, self.lab)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Alone among all kvmlabs that start, solve, reset or finish this lab."""
        return self.state.lock(f"lab-{self.course_tag}-{self.lab}", wait=False)

    @property
    def label(self) -> str:
        """What its containers are labelled with."""
        return f"{self.course_tag}.{self.lab}"

    @property
    def labels(self) -> tuple[str, str]:
        """The labels of the lab host and of its copy: everything that may be there of this lab."""
        return self.label, self.label_copy

    @property
    def label_copy(self) -> str:
        """The label of the copy in which the next start is rehearsed."""
        return f"{self.label}_copy"


class Stopped(CannotRun):
    """A lab host is there and does not run: it was stopped, or the computer was. What was done on it is kept."""

    def __init__(self, lab: str) -> None:
        said = t("The lab host of {lab} no longer runs; what was done on it is kept.", lab=lab)
        super().__init__(said, f"kvmlab start --resume {lab}")


def start(place: Place, lab: Lab, progress: Progress) -> tuple[Run, bool]:
    """A lab host with `lab` on it; (run, False) where one runs already, and nothing is changed.

    Stopped where there is one that does not run: whether its work is to be kept is the student's to say.
    """
    with place.lock():
        run = place.run()
        if run and run.state in (RUNNING, STOPPED):
            condition = host_of(place, run, remembered_podman(place.state)).condition()
            if condition is Condition.RUNNING:
                return run, False
            if condition is Condition.STOPPED:
                raise Stopped(place.lab)

        def begin() -> Run:
            materials = Materials.of(place.state, lab, progress)
            if run:
                sweep(materials.podman, place.state, place.labels)
            return _launch(place, lab, materials, progress)

        return twice(place.state, begin), True


def reset(place: Place, lab: Lab, progress: Progress) -> Run:
    """Throw away whatever runs of `lab`, in whatever state, and start another."""
    with place.lock():
        run = twice(place.state, lambda: _launch_and_sweep(place, lab, progress))
        killpoint("reset.removed")
        return run


def finish(place: Place, podman: Podman) -> None:
    """Remove the lab host and everything that belongs to it; progress is kept elsewhere."""
    with place.lock():
        run = place.run()
        if run and run.compiled:
            record.write(place.state, place.course_tag, run._replace(state=STOPPING))
        killpoint("finish.record")
        sweep(podman, place.state, place.labels)
        killpoint("finish.removed")
        record.forget(place.state, place.course_tag, place.lab)
        killpoint("finish.forgotten")


@contextlib.contextmanager
def for_a_copy(place: Place, podman: Podman) -> Iterator[LabHost]:
    """A lab host, not started, in which the next start of `place`'s can be rehearsed. One at a time."""
    with place.state.lock(f"copy-of-{place.course_tag}-{place.lab}", wait=False):
        sweep(podman, place.state, [place.label_copy])  # one that a killed kvmlab has left
        yield LabHost.fresh(place.label_copy, place.state, podman)


def host_of(place: Place, run: Run, podman: Podman) -> LabHost:
    """The lab host that `run` tells of."""
    return LabHost(place.label, run.instance, place.state, podman)


def _launch_and_sweep(place: Place, lab: Lab, progress: Progress) -> Run:
    """Start a lab host; whatever else there is of `lab` goes meanwhile, and has gone at the end, however it ends."""
    materials = Materials.of(place.state, lab, progress)
    with ThreadPoolExecutor(max_workers=1) as pool:
        host = LabHost.fresh(place.label, place.state, materials.podman)
        removal = pool.submit(sweep, materials.podman, place.state, place.labels, host.instance)
        run = _launch(place, lab, materials, progress, host)
        killpoint("reset.launched")
        removal.result()
    return run


def _launch(place: Place, lab: Lab, materials: Materials, progress: Progress, host: LabHost | None = None) -> Run:
    host = host or LabHost.fresh(place.label, place.state, materials.podman)
    run = Run(lab.id, STARTING, lab.variant, record.moment(), lab, host.instance)
    with contextlib.ExitStack() as undo:
        record.write(place.state, place.course_tag, run)
        undo.callback(record.forget, place.state, place.course_tag, place.lab)
        killpoint("start.record")
        with lab_host(host, materials, lab, progress):
            run = run._replace(state=RUNNING, init=host.init)
            record.write(place.state, place.course_tag, run)
            killpoint("start.recorded")
            undo.pop_all()
    return run


@contextlib.contextmanager
def lab_host(host: LabHost, materials: Materials, lab: Lab, progress: Progress) -> Iterator[LabHost]:
    """A lab host with `lab` on it; removed if anything fails, kept when the block ends well."""
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        host.prepare_run_dir()
        lay_ready(host.state, host.start_dir, lab.guests, lab.files, materials.seeds)
        killpoint("start.run_dir")
        progress.step(t("starting the lab host"), None)
        process = host.start(materials.host_image, materials.volumes())
        _import_meanwhile()
        try:
            finish_podman(process, ("run",))
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
            remembering = _wait_for(host, materials, lab, progress)
        killpoint("start.reachable")
        run_setup(host, lab)
        killpoint("start.setup")
        remembering.remember(lab)
        killpoint("start.remembered")
        yield host
        undo.pop_all()


def _bring_up(host: LabHost, materials: Materials, lab: Lab, progress: Progress) -> Remembering:
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
            return _wait_for(host, materials, lab, progress)


def _wait_for(host: LabHost, materials: Materials, lab: Lab, progress: Progress) -> Remembering:
    """Until the lab host and its guests answer; how it is at its start is being remembered meanwhile."""
    remembering = Remembering(host, has_libvirt=has_libvirt(lab))
    if materials.guests:
        progress.step(t("waiting for the guests to answer"), None)
    silence = Silence(ANSWER_S, host.work, ANSWER_S * MOST)
    wait_for_guests(host.root, host.state.key_pair("look_key"), _addresses(materials.guests), silence)
    return remembering


def _import_meanwhile() -> None:
    """Import libvirt and paramiko while podman is at work: 0.2 s that nobody waits for."""
    import libvirt  # noqa: F401
    import paramiko  # noqa: F401


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
