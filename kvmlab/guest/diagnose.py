"""Why a guest could not be reached although nothing stood in the way: what answered, or did not.

Each cause names the object and the command that mends or shows it. `transient` ones may pass by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_interface

from kvmlab.errors import CouldNotLook
from kvmlab.guest.obstacles import cannot, obstacle
from kvmlab.guest.search import Search
from kvmlab.guest.surroundings import DomainSeen, Surroundings
from kvmlab.remote.ssh import Why
from kvmlab.safe_text import console_line
from kvmlab.words import t

BOOT_S = 120.0  # a guest that started less long ago may still be booting


def diagnose(search: Search, surroundings: Surroundings, boot_s: float = BOOT_S) -> CouldNotLook:
    """The first thing that is wrong on the way to the guest that `search` did not find."""
    try:
        domain = search.domain()
        stopped = search.obstacle or obstacle(search.name, domain, surroundings)
        if stopped or domain is None:
            return stopped or cannot(search.name, t("it does not answer"))
        return _no_answer(search, domain, surroundings, boot_s)
    except CouldNotLook as error:  # the host itself cannot be asked: that is the reason
        return error


def _no_answer(search: Search, domain: DomainSeen, surroundings: Surroundings, boot_s: float) -> CouldNotLook:
    said = surroundings.agent_addresses(domain)
    for address in search.tried:
        if said is not None and not _has(said, address):
            continue  # it says itself that it is not there: whatever answers is somebody else, or a neighbour's memory
        if address in search.failed and listens(search, address, surroundings):
            return _refused(search, address, surroundings, boot_s)
    if search.strangers:
        reason = t("at {address} another computer answers, not {guest}", address=search.strangers[0], guest=domain.name)
        return cannot(domain.name, reason, "ip neighbour show")
    since = surroundings.uptime_s(domain.name)
    young = since is not None and since < boot_s
    if said is not None:  # so it has booted
        return _told_by_agent(domain, said, surroundings, young)
    if since is not None and young:
        return _booting(domain, surroundings, since)
    return _lost(search, domain)


def _has(said: dict[str, list[str]], address: str) -> bool:
    """Whether a guest reports this address as its own; link-local ones it never reports."""
    return address.startswith("fe80") or any(address == one.partition("/")[0] for own in said.values() for one in own)


def listens(search: Search, address: str, surroundings: Surroundings) -> bool:
    """Something is at the address: it got further than an unanswered connection, or refuses it."""
    if search.why(address) in (Why.KEY_REFUSED, Why.NOT_SSH, Why.CLOSED, Why.TOO_MUCH):
        return True
    return surroundings.port_22(address) in ("open", "Connection refused")


_REASONS: dict[Why, Callable[[str], str]] = {
    Why.KEY_REFUSED: lambda address: t("SSH at {address} refuses the checker's key", address=address),
    Why.NOT_SSH: lambda address: t("what answers at {address} port 22 does not speak SSH", address=address),
    Why.SILENT: lambda address: t("SSH at {address} accepts and says nothing", address=address),
    Why.CLOSED: lambda address: t("SSH at {address} closes the connection", address=address),
    Why.TOO_MUCH: lambda address: t("what answers at {address} prints without end", address=address),
    Why.REFUSED: lambda address: t("nothing listens at {address} port 22", address=address),
}


def _refused(search: Search, address: str, surroundings: Surroundings, boot_s: float) -> CouldNotLook:
    why = search.why(address)
    error = search.failed.get(address)
    if isinstance(error, CouldNotLook):
        return error
    since = surroundings.uptime_s(search.name)
    young = since is not None and since < boot_s and why in (Why.REFUSED, Why.SILENT, Why.CLOSED)
    reason = t("{reason}, and its guest agent does not answer", reason=_REASONS[why](address))
    return cannot(search.name, reason, f"virsh console {search.name}", transient=young)


def _booting(domain: DomainSeen, surroundings: Surroundings, since: float) -> CouldNotLook:
    reason = t("it was started {seconds} s ago and does not answer yet", seconds=round(since))
    if line := last_line(surroundings.console_tail(domain)):
        reason = t("{reason}; its console says: {line}", reason=reason, line=line)
    return cannot(domain.name, reason, f"virsh console {domain.name}", transient=True)


def last_line(console: str, limit: int = 100) -> str:
    """The last line on a console that is not empty, without anything a terminal obeys."""
    lines = [console_line(line) for line in console.replace("\r", "\n").splitlines()]
    return next((line[:limit] for line in reversed(lines) if line), "")


def _lost(search: Search, domain: DomainSeen) -> CouldNotLook:
    nic = domain.nics[0]
    where = t("network {network}", network=nic.network) if nic.network else t("bridge {bridge}", bridge=nic.bridge)
    if search.tried:
        tried = ", ".join(one for one in search.tried if not one.startswith("fe80"))
        reason = t("{where} has no answer from {addresses}", where=where, addresses=tried or search.tried[0])
    else:
        reason = t("{where} has given it no lease, and it has not been heard there", where=where)
    return cannot(domain.name, reason, f"virsh console {domain.name}")


def _told_by_agent(
    domain: DomainSeen, said: dict[str, list[str]], surroundings: Surroundings, young: bool
) -> CouldNotLook:
    nic = domain.nics[0]
    found = [(dev, address) for dev, addresses in said.items() for address in addresses]
    if not found:
        reason = t("its guest agent says it has no IPv4 address")
        return cannot(domain.name, reason, f"virsh console {domain.name}", transient=young)
    text = ", ".join(f"{address} ({dev})" for dev, address in found)
    bridge = surroundings.links().get(nic.bridge or "")
    own = [one for one in bridge.addresses if ":" not in one] if bridge else []
    if own and not any(_same_network(one, address) for one in own for _, address in found):
        reason = t("its guest agent says it has {addresses}, but {bridge} has {own}",
                   addresses=text, bridge=nic.bridge, own=", ".join(own))  # fmt: skip
    else:
        reason = t("its guest agent says it has {addresses}, but SSH does not answer there", addresses=text)
    return cannot(domain.name, reason, f"virsh domifaddr {domain.name} --source agent", transient=young)


def _same_network(one: str, other: str) -> bool:
    try:
        return ip_interface(one).network == ip_interface(other).network
    except ValueError:
        return False
