"""What is not so yet and may be in a moment: a guest that boots, a bridge port that listens or learns.

Who looks just then would see "no answer", "no lease": true, and no fault of anybody's. So before such a thing is
told as a fact it is asked here whether it is only on its way; then it is CouldNotLook, transient, with the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kvmlab.errors import CouldNotLook
from kvmlab.guest.obstacles import cannot, held_back
from kvmlab.guest.seen import DomainSeen, LinkSeen, Surroundings
from kvmlab.words import t

START_S = 45.0  # a guest that is up by then asks for an address and answers; one that does not has another reason
_LOGIN = re.compile(r"\blogin:\s*$")


def booting(domain: DomainSeen, surroundings: Surroundings) -> CouldNotLook | None:
    """Not None where the guest in a running domain is starting, or starting anew, just now."""
    if domain.state != "running" or domain.agent_connected:
        return None
    since = surroundings.uptime_s(domain.name)
    if since is None or since > START_S or _LOGIN.search(surroundings.console_tail(domain)):
        return None
    return cannot(domain.name, t("it was started {seconds} s ago and is not up yet", seconds=round(since)),
                  f"virsh console {domain.name}", transient=True)  # fmt: skip


def port_held_back(domain: DomainSeen, links: Mapping[str, LinkSeen]) -> CouldNotLook | None:
    """Not None where the bridge of one of its interfaces lets nothing through its tap, or through another port, yet."""
    bridges = {nic.bridge for nic in domain.nics if nic.bridge}
    ports = (link for link in links.values() if link.master in bridges)
    return next((trouble for link in ports if (trouble := held_back(domain.name, link))), None)


def answer_of(domain: DomainSeen, surroundings: Surroundings) -> CouldNotLook | None:
    """Why nothing came back from this guest, where that may change by itself within a minute."""
    return booting(domain, surroundings) or port_held_back(domain, surroundings.links())


def lease_of(domains: Iterable[DomainSeen], mac: str, surroundings: Surroundings) -> CouldNotLook | None:
    """Why the interface with this MAC address has no lease, where it may get one by itself within a minute."""
    own = [one for one in domains if any(nic.mac == mac for nic in one.nics)]
    return next((trouble for one in own if (trouble := answer_of(one, surroundings))), None)
