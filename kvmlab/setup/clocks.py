"""The clocks of guests that were restored: their memory does not know for how long it lay saved, maybe for weeks.

The guest agent sets them (virsh domtime), while the start waits for the guests anyway; where there is no agent, as on
many an imported image, `date` over SSH does. Leases need nothing: libvirt's dnsmasq finds them valid until the year
2100, and a guest counts its own by a clock that stood still with it; nor do neighbours: the bridge keeps its MAC.
Rejected: a service in the guest that looks for jumps (it comes later, and is one more thing a student wonders about).
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kvmlab.remote.deadline import TooLate, later

if TYPE_CHECKING:
    import libvirt

    from kvmlab.labhost.container import LabHost

AGENT_S = 5.0
"""How long a restored guest's agent may take to be heard of; libvirt waits 5 s for each answer of it."""
LONGER_S = 2.0
"""How long it may take once the guest has come to answer SSH, which is then the quicker way."""
_PAUSE_S = 0.05


@contextlib.contextmanager
def clocks_set(connection: libvirt.virConnect, host: LabHost, guests: Sequence[str]) -> Iterator[None]:
    """The clocks of these running guests are right when the block ends; in it they have come to answer SSH."""
    asked = {name: later(lambda name=name: set_by_agent(connection, name), "clock") for name in guests}  # type: ignore[misc]
    yield
    for name, answer in asked.items():
        try:
            done = answer.get(LONGER_S)
        except TooLate:
            done = False
        if not done:
            host.execute(["sh", "-c", f"ssh -n -- {shlex.quote(name)} date -u -s @$(date +%s)"])


def set_by_agent(connection: libvirt.virConnect, name: str) -> bool:
    """Whether the guest's agent has set its clock to ours (qemu-ga-ref: guest-set-time)."""
    import libvirt

    deadline = time.monotonic() + AGENT_S
    while True:
        with contextlib.suppress(libvirt.libvirtError):
            now = time.time()
            connection.lookupByName(name).setTime({"seconds": int(now), "nseconds": int(now % 1 * 1e9)})
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
