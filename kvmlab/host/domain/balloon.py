"""How often the balloon really asks its guest. Somebody may have told qemu directly; libvirt's XML is out of date then.

qemu does not tell the period over a connection that may only read, but it tells when the last numbers came.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libvirt

LONGEST_S = 15.0  # a period that libvirt does not know of and that is longer is not waited for
LATE_S = 3.0  # a busy guest answers late
_PAUSE_S = 0.2


def period_s(domain: libvirt.virDomain, said: int | None) -> int | None:
    """The period in force in a running domain whose XML says `said`; None: no numbers come."""
    import libvirt

    if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
        return said  # a paused guest answers nobody
    first = _last(domain)
    if first is None:
        return said  # its driver has never answered: there is nothing to hold against the XML
    if said and _age(first) <= said + LATE_S:
        return said
    if not said and _age(first) > LONGEST_S:
        return None
    second = _next(domain, first, (said or LONGEST_S) + LATE_S)
    if said or second is None:
        return said if second is not None else None
    third = _next(domain, second, LONGEST_S + LATE_S)
    return None if third is None else (third - second)


def _last(domain: libvirt.virDomain) -> int | None:
    """When the guest last answered, in seconds since 1970; None where it never has."""
    said = domain.memoryStats().get("last_update")
    return int(said) if said else None


def _age(moment: int) -> float:
    return time.time() - moment


def _next(domain: libvirt.virDomain, before: int, longest_s: float) -> int | None:
    """The next answer's moment, waited for; None where none comes in time."""
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        now = _last(domain)
        if now is not None and now != before:
            return now
        time.sleep(_PAUSE_S)
    return None
