"""Start, reset and finish a lab: each can be killed at any killpoint, and the next one puts things right.

The record is written before the container exists, so whatever a killed kvmlab left is found by it; the
old lab host is removed while the new one starts, which is safe because they share no name and no file. Where there is a
limit for all lab hosts together, the old one goes first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.killpoints import killpoint
from kvmlab.labhost import record
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import Condition, LabHost, sweep
from kvmlab.labhost.own_limits import limits_of
from kvmlab.labhost.place import LabHostStopped, LabPlace
from kvmlab.labhost.podman import Podman
from kvmlab.labhost.record import RUNNING, STARTING, STOPPED, STOPPING, Run
from kvmlab.setup.lab_host import lab_host
from kvmlab.setup.materials import Materials
from kvmlab.setup.outdated import twice
from kvmlab.setup.spare import find, taken
from kvmlab.suspension import suspended_s

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress


Preparing = Callable[[LabHost], object]


def _nothing(_host: LabHost) -> None:
    """As it has started."""


def start(place: LabPlace, lab: Lab, progress: BuildProgress) -> tuple[Run, bool]:
    """A lab host with `lab` on it; (run, False) where one runs already, and nothing is changed.

    LabHostStopped where there is one that does not run: whether its work is to be kept is the student's to say.
    """
    with place.lock():
        run = place.run()
        if run and run.state in (RUNNING, STOPPED):
            condition = place.host(run, remembered_podman(place.state)).condition()
            if condition is Condition.RUNNING:
                return run, False
            if condition is Condition.STOPPED:
                raise LabHostStopped(place.lab)

        def begin() -> Run:
            materials = Materials.of(place.state, lab, progress)
            if run or place.known_hosts():
                sweep(materials.podman, place.state, place.labels)
            return _launch(place, lab, materials, progress)

        return twice(place.state, begin), True


def reset(place: LabPlace, lab: Lab, progress: BuildProgress, first: Preparing = _nothing) -> Run:
    """Throw away whatever runs of `lab`, in whatever state, and start another. `first`: what is done with that before
    anybody is told that it runs."""
    with place.lock():
        run = twice(place.state, lambda: _launch_and_sweep(place, lab, progress, first))
        killpoint("reset.removed")
        return run


def finish(place: LabPlace, podman: Podman) -> None:
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
def for_a_copy(place: LabPlace, podman: Podman) -> Iterator[LabHost]:
    """A lab host, not started, in which the next start of `place`'s can be rehearsed. One at a time."""
    with place.state.lock(f"copy-of-{place.course_tag}-{place.lab}", wait=False):
        sweep(podman, place.state, [place.label_copy])  # one that a killed kvmlab has left
        yield LabHost.fresh(place.label_copy, place.state, podman)


def _launch_and_sweep(place: LabPlace, lab: Lab, progress: BuildProgress, first: Preparing) -> Run:
    """Start a lab host, or take the one in waiting; whatever else there is of `lab` goes meanwhile, and has gone at the
    end, however it ends."""
    materials = Materials.of(place.state, lab, progress)
    with ThreadPoolExecutor(max_workers=1) as pool:
        host = find(place, lab, materials) or LabHost.fresh(place.label, place.state, materials.podman)
        removal = pool.submit(sweep, materials.podman, place.state, place.labels, host.instance)
        if limits_of(place.state).together:  # there may be no room for both
            removal.result()
        run = _launch(place, lab, materials, progress, host, first)
        killpoint("reset.launched")
        removal.result()
    return run


def _launch(
    place: LabPlace,
    lab: Lab,
    materials: Materials,
    progress: BuildProgress,
    host: LabHost | None = None,
    first: Preparing = _nothing,
) -> Run:
    host = host or LabHost.fresh(place.label, place.state, materials.podman)
    run = Run(lab.id, STARTING, lab.variant, record.moment(), lab, host.instance)
    with contextlib.ExitStack() as undo:
        record.write(place.state, place.course_tag, run)
        undo.callback(record.forget, place.state, place.course_tag, place.lab)
        killpoint("start.record")
        with (taken if host.is_spare else lab_host)(host, materials, lab, progress):
            first(host)
            run = run._replace(state=RUNNING, init=host.init, suspended_s=suspended_s())
            record.write(place.state, place.course_tag, run)
            killpoint("start.recorded")
            undo.pop_all()
    return run
