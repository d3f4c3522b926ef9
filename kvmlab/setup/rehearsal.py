"""The rehearsal: a copy of a lab host as it is now, booted beside it, so that the next start can be looked at.

In three acts. It boots: systemd, libvirtd, and whatever is set to start by itself. Then it is given the networks, pools
and links that the first one has at the moment, because a guest's next start need not wait for the host's. Then guests
are started. The first one is only read, but that its guests are asked to write out what they hold in memory (sync(1)).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from kvmlab import process
from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost.cgroups import cgroup_of
from kvmlab.labhost.container import Condition
from kvmlab.labhost.copy import Packed, not_copied, wake_copy
from kvmlab.labhost.holding import require_room
from kvmlab.labhost.together import taken_mib
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import LIBVIRT, LIBVIRT_READ_ONLY
from kvmlab.setup.files import lay_keys
from kvmlab.setup.libvirtd import connected
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt

    from kvmlab.labhost.container import LabHost

Object = tuple[str, str]
"""Of libvirt: "domain", "network" or "pool", and a name."""
BOOT_S = 90
_BOOTED = """
until state=$(systemctl is-system-running --wait 2>/dev/null) || [ "$state" = degraded ]; do sleep 0.05; done
"""
_ANSWER_S = 30
"""So long libvirtd of the copy may give no sign of life."""


@dataclass(frozen=True)
class Rehearsal:
    """A copy that has booted."""

    host: LabHost
    first: LabHost
    packed: Packed
    has_libvirtd: bool

    def go_on(self) -> None:
        """What runs on the first lab host at the moment, and has not come up by itself, is there now, too."""
        made_by_libvirt: set[str] = set()
        if self.has_libvirtd:
            there = connected(self.host.root, Silence(_ANSWER_S, self.host.work))
            with there as copy, contextlib.suppress(CannotRun), _read_only(self.first) as first:
                made_by_libvirt = set(_bridges(first))
                _follow(first.listAllNetworks(), copy.networkLookupByName, copy.networkCreateXML)
                _follow(first.listAllStoragePools(), copy.storagePoolLookupByName, copy.storagePoolCreateXML)
        links = self.packed.links
        ours = [link for link in links["address"] if link.get("ifname") not in made_by_libvirt]
        done = self.host.execute(["/usr/lib/kvmlab/relink"], stdin=json.dumps({**links, "address": ours}))
        if done.returncode:
            raise not_copied(done.stderr)
        killpoint("rehearsal.went_on")

    def start(self, objects: Iterable[Object]) -> Mapping[Object, str]:
        """Start those that are defined and do not run yet, in their order; libvirt's words for each that does not."""
        if not self.has_libvirtd:
            return {}
        with connected(self.host.root, Silence(_ANSWER_S, self.host.work)) as copy:
            find = {
                "domain": copy.lookupByName,
                "network": copy.networkLookupByName,
                "pool": copy.storagePoolLookupByName,
            }
            said = {(kind, name): _started(find[kind], name) for kind, name in objects}
        killpoint("rehearsal.started")
        return {one: words for one, words in said.items() if words}


@contextlib.contextmanager
def rehearsed(first: LabHost, fresh: LabHost) -> Iterator[Rehearsal]:
    """A copy of `first` in `fresh`, booted; it goes when the block ends."""
    try:
        with contextlib.suppress(OSError):
            require_room(first.state, first.podman, taken_mib(cgroup_of(process.number(first.init), "memory")))
        fresh.prepare_run_dir()
        lay_keys(fresh.state, fresh.start_dir)
        packed = wake_copy(first, fresh)
        fresh.execute(["timeout", str(BOOT_S), "sh", "-c", _BOOTED], timeout_s=BOOT_S + 10)
        if fresh.condition() is not Condition.RUNNING:
            raise not_copied(fresh.podman.attempt("logs", "--tail=1", fresh.container).stderr)
        has_libvirtd = _libvirtd_answers(fresh)
        killpoint("rehearsal.booted")
        yield Rehearsal(fresh, first, packed, has_libvirtd)
    finally:
        fresh.remove()


def _libvirtd_answers(host: LabHost) -> bool:
    """Whether it has come up, or comes up when it is spoken to. It takes nobody in before it has started whatever is
    to start by itself."""
    try:
        with host.root.opened(LIBVIRT):
            pass
        with connected(host.root, Silence(_ANSWER_S, host.work)) as copy:
            return bool(copy.isAlive())
    except (OSError, CannotRun):
        return False


@contextlib.contextmanager
def _read_only(host: LabHost) -> Iterator[libvirt.virConnect]:
    import libvirt

    try:
        with host.root.socket_name(LIBVIRT_READ_ONLY) as path:
            connection = libvirt.openReadOnly(f"qemu+unix:///system?socket={path}")
    except (OSError, libvirt.libvirtError) as error:
        message = t("libvirtd on the lab host cannot be reached: {said}.", said=str(error).rstrip("."))
        raise CannotRun(message, "systemctl status libvirtd") from None
    try:
        yield connection
    finally:
        connection.close()


def _bridges(connection: libvirt.virConnect) -> Iterator[str]:
    """The bridges that libvirt makes and removes itself, with its networks."""
    for network in connection.listAllNetworks():
        root = ElementTree.fromstring(network.XMLDesc())
        forward, bridge = root.find("forward"), root.find("bridge")
        if bridge is not None and (forward is None or forward.get("mode", "nat") != "bridge"):
            yield bridge.get("name", "")


def _follow(objects: Collection[Any], find: Callable[[str], Any], create: Callable[[str], Any]) -> None:
    """Start in the copy what is active there; what is transient is created from the same XML."""
    import libvirt

    for one in objects:
        with contextlib.suppress(libvirt.libvirtError):  # what cannot start is found by whoever looks for it
            if one.isActive() and not one.isPersistent():
                create(one.XMLDesc())
            elif one.isActive() and not (here := find(one.name())).isActive():
                here.create()


def _started(find: Callable[[str], Any], name: str) -> str:
    """Start a guest, network or pool; libvirt's words where it does not."""
    import libvirt

    try:
        one = find(name)
    except libvirt.libvirtError:  # not defined: there is nothing to start
        return ""
    try:
        if not one.isActive():
            one.create()
    except libvirt.libvirtError as error:
        return error.get_error_message() or str(error)
    return ""
