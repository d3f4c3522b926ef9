"""A host seen from outside: libvirt over its read-only socket, the rest through its fact server.

`open_host` is the way in. A remote or a real host would be another way to open the same three things (a libvirt
connection, SSH to the fact server, tunnels to the guests' port 22), not another reader.
Rejected: libvirt over SSH (`qemu+ssh://`), which cannot be made read-only by the other side, and a command a fact.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.slowness import given_patience

if TYPE_CHECKING:
    from kvmlab.host.events import HostEvents
    from kvmlab.host.reader import HostReader
    from kvmlab.host.standing import Known
    from kvmlab.host.start.picture import Picture
    from kvmlab.remote.host_root import HostRoot


@contextlib.contextmanager
def open_host(
    root: HostRoot,
    look_key: Path,
    guests: Iterable[Known] = (),
    *,
    patience: float | None = None,
    start: Picture | None = None,
) -> Iterator[tuple[HostReader, HostEvents]]:
    """The lab host with this root: a Reader for checks, and libvirt's events to wait for.

    Connecting begins at once, in the background: nearly all of it is waiting. `patience` stretches every deadline
    (kvmlab.slowness). `start`: what there was when the lab began, for
    checks that ask whether it is as it was. Never raises for a host that does not answer:
    reading does (CouldNotLook).
    """
    from kvmlab.guest.guests import Guests
    from kvmlab.host.connection import TIMEOUT_S, Libvirt
    from kvmlab.host.events import HostEvents
    from kvmlab.host.reader import HostReader
    from kvmlab.host.standing import taken
    from kvmlab.host.surroundings import HostSurroundings
    from kvmlab.remote.host_connection import HostConnection

    patience = given_patience() if patience is None else patience
    libvirt, way = taken(root, look_key, patience) or (
        Libvirt(root, timeout_s=TIMEOUT_S * patience),
        HostConnection(root, look_key, patience=patience),
    )
    addresses = {guest.name: guest.address.partition("/")[0] for guest in guests if guest.address}
    around = Guests(HostSurroundings(libvirt, way), look_key, addresses, patience=patience)
    reader = HostReader(libvirt, way, around, start)
    way.start()
    libvirt.start()
    try:
        yield reader, HostEvents(libvirt, way)
    finally:
        reader.close()
