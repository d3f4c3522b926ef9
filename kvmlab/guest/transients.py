"""States that pass by themselves in a moment: a guest that boots, a bridge port that listens or learns.

Who looks just then would see "no answer", "no lease": true, and no fault of anybody's. So before such a thing is told
as a fact, it is asked here whether it is about to pass; then it is a CouldNotLook, transient, with the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kvmlab.errors import CouldNotLook
from kvmlab.guest.obstacles import cannot, held_back
from kvmlab.guest.surroundings import DomainSeen, LinkSeen, Surroundings
from kvmlab.words import t

START_S = 45.0  # a guest of which nothing is to be seen is taken to be starting for so long
LEASE_S = 15.0  # so long after a change of its devices a guest may take to ask for an address
_LOGIN = re.compile(r"\blogin:\s*$")


def booting(domain: DomainSeen, surroundings: Surroundings, boot_s: float) -> CouldNotLook | None:
    """Not None where the guest in a running domain is starting just now, which takes `boot_s` seconds at most."""
    if domain.state != "running" or domain.reason != "booted":  # one that was restored has booted long ago
        return None
    since = surroundings.uptime_s(domain.name)
    if since is None or since > boot_s or _is_up(domain, surroundings, since):
        return None
    return cannot(domain.name, t("it was started {seconds} s ago and is not up yet", seconds=round(since)),
                  f"virsh console {domain.name}", transient=True)  # fmt: skip


def _is_up(domain: DomainSeen, surroundings: Surroundings, since: float) -> bool:
    """It says so: its agent tells of an address, or there is a login on its console; or it never said anything."""
    if domain.agent_connected:
        said = surroundings.agent_addresses(domain)
        return since > START_S or said is None or any(said.values())
    console = surroundings.console_tail(domain)
    return bool(_LOGIN.search(console)) or (not console.strip() and since > START_S)


def port_held_back(domain: DomainSeen, links: Mapping[str, LinkSeen]) -> CouldNotLook | None:
    """Not None where the bridge of one of its interfaces lets nothing through its tap, or through another port, yet."""
    bridges = {nic.bridge for nic in domain.nics if nic.bridge}
    ports = (link for link in links.values() if link.master in bridges)
    return next((trouble for link in ports if (trouble := held_back(domain.name, link))), None)


def answer_of(domain: DomainSeen, surroundings: Surroundings, boot_s: float) -> CouldNotLook | None:
    """Why nothing came back from this guest, where that may change by itself within a minute or two."""
    return booting(domain, surroundings, boot_s) or port_held_back(domain, surroundings.links())


def changed_lately(domain: DomainSeen, surroundings: Surroundings, lease_s: float) -> CouldNotLook | None:
    """Not None where the running guest may just have got another plug, and not have asked there for an address."""
    if domain.state != "running" or (since := surroundings.changed_s(domain.name)) is None or since > lease_s:
        return None
    reason = t("it was changed {seconds} s ago and has no lease yet", seconds=round(since))
    return cannot(domain.name, reason, f"virsh domifaddr {domain.name}", transient=True)


def owner_of(mac: str, domains: Iterable[DomainSeen]) -> DomainSeen | None:
    """The domain that has an interface with this MAC address, a running one first."""
    own = [one for one in domains if any(nic.mac == mac for nic in one.nics)]
    return min(own, key=lambda one: one.state != "running", default=None)
