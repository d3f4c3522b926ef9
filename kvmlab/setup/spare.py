"""A lab host in waiting: made behind a lab that runs, and taken by its next reset, which need not wait for one then.

It is one more instance of the lab's lab hosts, so whatever removes those removes it, too. A note in its run directory,
written last, says that it is whole and what it was made from: of another course, image or kvmlab it is never used.
Its guests are paused, and cost memory and nothing else; they are told the time when it is taken.
Rejected: freezing the whole lab host (podman-pause(1)): its guests' kernels would find that time has leapt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import kvmlab
from kvmlab.json_text import canonical
from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.known_host import SPARE, KnownLabHost
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.podman import finish
from kvmlab.liveness import Silence
from kvmlab.paths import files_below
from kvmlab.process import has_ended
from kvmlab.setup.clocks import clocks_set
from kvmlab.setup.lab_host import BOOT_S, wait_for
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import Materials, has_libvirt
from kvmlab.state import record
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.images import BuildProgress


class SpareNote(NamedTuple):
    """What a lab host in waiting was made from, and the guests that are paused on it until it is taken."""

    made_from: str
    paused: list[str]


def find(place: LabPlace, lab: Lab, materials: Materials) -> LabHost | None:
    """The lab host in waiting that serves as a start of `lab`; None where there is none."""
    for known in place.known_hosts():
        waits = known.is_spare and has_ended(known.init) is False
        if waits and _note(known).made_from == _made_from(lab, materials):
            return LabHost(known.label, known.instance, place.state, materials.podman)
    return None


def keep_ready(host: LabHost, lab: Lab, materials: Materials) -> None:
    """Lay `host`, which has just been started, aside for the next reset."""
    paused = []
    if has_libvirt(lab):
        import libvirt

        with connected(host.root, Silence(BOOT_S, host.work)) as connection:
            for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING):
                domain.suspend()
                paused.append(domain.name())
    killpoint("spare.paused")
    record.write(host.run_dir / SPARE, SpareNote(_made_from(lab, materials), paused)._asdict())
    killpoint("spare.noted")


@contextlib.contextmanager
def taken(host: LabHost, materials: Materials, lab: Lab, progress: BuildProgress) -> Iterator[LabHost]:
    """The lab host in waiting as one that has just been started; removed if anything fails."""
    with contextlib.ExitStack() as undo:
        undo.callback(host.remove)
        paused = _note(host).paused
        progress.step(t("taking the lab host in waiting"), None)
        (host.run_dir / SPARE).unlink()
        killpoint("spare.taken")
        weighed = _weigh_as_others(host)
        if has_libvirt(lab):
            with connected(host.root, Silence(BOOT_S, host.work)) as connection:
                for name in paused:
                    connection.lookupByName(name).resume()
                killpoint("spare.resumed")
                with clocks_set(connection, host, paused):
                    remembering = wait_for(host, materials, lab, progress)
        else:
            remembering = wait_for(host, materials, lab, progress)
        weighed()
        remembering.remember(lab)
        killpoint("spare.remembered")
        yield host
        undo.pop_all()


def _weigh_as_others(host: LabHost) -> Callable[[], object]:
    """Begin to give it the processor time of any lab host (podman-update(1)); what is returned waits for that."""
    weight = [option for option in host.podman.run_options if option.startswith("--cpu-shares=")]
    if not weight:
        return lambda: None
    process = host.podman.start("update", *weight, host.container)
    return lambda: finish(process, ("update",))


def _note(host: KnownLabHost) -> SpareNote:
    """Of a note that cannot be read nothing is believed."""
    try:
        return SpareNote(**record.load(host.run_dir / SPARE))
    except (OSError, ValueError, TypeError):
        return SpareNote("", [])


def _made_from(lab: Lab, materials: Materials) -> str:
    """The lab as it is compiled, what it starts from, and the files of kvmlab by size and time."""
    paths = files_below(Path(kvmlab.__file__).parent)
    files = [(str(path), stat.st_size, stat.st_mtime_ns) for path in paths for stat in [path.stat()]]
    return sha256(canonical([lab.to_json(), materials.identity(), files])).hexdigest()
