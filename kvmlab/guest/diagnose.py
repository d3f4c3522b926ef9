"""Why a guest cannot be reached, from what its host sees, in the order in which things must be right.

Each cause names the object and the command that mends or shows it. `transient` ones may pass by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_interface

from kvmlab.errors import CouldNotLook
from kvmlab.guest.find import Search
from kvmlab.guest.seen import DomainSeen, LinkSeen, NicSeen, Surroundings
from kvmlab.guest.ssh import Why
from kvmlab.words import t

BOOT_S = 120.0  # a guest that started less long ago may still be booting
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e]")


def diagnose(search: Search, surroundings: Surroundings, boot_s: float = BOOT_S) -> CouldNotLook:
    """The first thing that is wrong on the way to the guest that `search` did not find."""
    name = search.name
    try:
        domain = search.domain()
        if domain is None:
            return _undefined(name, surroundings)
        if domain.state != "running":
            return _not_running(domain)
        if not domain.nics:
            return _cannot(name, t("its domain has no network interface"), f"virsh domiflist {name}")
        if trouble := next(_wiring(domain, surroundings.links()), None):
            return trouble
        return _no_answer(search, domain, surroundings, boot_s)
    except CouldNotLook as error:  # the host itself cannot be asked: that is the reason
        return error


def _cannot(name: str, reason: str, todo: str = "", *, transient: bool = False) -> CouldNotLook:
    message = t("Guest {guest} cannot be reached: {reason}.", guest=name, reason=reason)
    return CouldNotLook(message, todo, transient=transient)


def _undefined(name: str, surroundings: Surroundings) -> CouldNotLook:
    from kvmlab.checks.reading import nearest

    reason = t("there is no domain {name}", name=name)
    if meant := nearest(name, surroundings.domains()):
        reason = t("there is no domain {name} (did you mean `{meant}`?)", name=name, meant=meant)
    return _cannot(name, reason, "virsh list --all")


_TODO = {"paused": "virsh resume", "shut off": "virsh start", "crashed": "virsh start",
         "pmsuspended": "virsh dompmwakeup"}  # fmt: skip


def _not_running(domain: DomainSeen) -> CouldNotLook:
    reason = t("its domain is {state} ({reason})", state=t(domain.state), reason=domain.reason)
    todo = f"{_TODO.get(domain.state, 'virsh domstate --reason')} {domain.name}"
    return _cannot(domain.name, reason, todo, transient=domain.state == "in shutdown")


def _wiring(domain: DomainSeen, links: dict[str, LinkSeen]) -> Iterator[CouldNotLook]:
    """What is wrong between the guest's interfaces and their bridges; nothing where one way is whole."""
    causes = [list(_broken(domain.name, nic, links)) for nic in domain.nics]
    if all(causes):
        yield from (each for found in causes for each in found)


def _broken(name: str, nic: NicSeen, links: dict[str, LinkSeen]) -> Iterator[CouldNotLook]:
    if not nic.link_up:
        reason = t("the link of its interface {mac} is set down", mac=nic.mac)
        yield _cannot(name, reason, f"virsh domif-setlink {name} {nic.mac} up")
    if nic.network and not nic.network_active:
        yield _cannot(name, t("network {network} is not active", network=nic.network), f"virsh net-start {nic.network}")
    if nic.bridge is None:
        return
    bridge, tap = links.get(nic.bridge), links.get(nic.tap or "")
    if bridge is None:
        yield _cannot(name, t("its bridge {bridge} does not exist", bridge=nic.bridge), "ip link show type bridge")
    elif tap is not None and tap.master != nic.bridge:
        reason = t("its tap device {tap} is not a port of {bridge}", tap=tap.name, bridge=nic.bridge)
        yield _cannot(name, reason, f"ip link set {tap.name} master {nic.bridge}")
    elif not bridge.up:
        yield _cannot(name, t("its bridge {bridge} is down", bridge=nic.bridge), f"ip link set {nic.bridge} up")


def _no_answer(search: Search, domain: DomainSeen, surroundings: Surroundings, boot_s: float) -> CouldNotLook:
    for address in search.tried:
        if address in search.failed and _listens(search, address, surroundings):
            return _refused(search, address, surroundings, boot_s)
    if search.strangers:
        reason = t("at {address} another computer answers, not {guest}", address=search.strangers[0], guest=domain.name)
        return _cannot(domain.name, reason, "ip neighbour show")
    since = surroundings.uptime_s(domain.name)
    if since is not None and since < boot_s:
        return _booting(domain, surroundings, since)
    return _lost(search, domain, surroundings)


def _listens(search: Search, address: str, surroundings: Surroundings) -> bool:
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
    return _cannot(search.name, _REASONS[why](address), f"virsh console {search.name}", transient=young)


def _booting(domain: DomainSeen, surroundings: Surroundings, since: float) -> CouldNotLook:
    reason = t("it was started {seconds} s ago and does not answer yet", seconds=round(since))
    if line := last_line(surroundings.console_tail(domain)):
        reason = t("{reason}; its console says: {line}", reason=reason, line=line)
    return _cannot(domain.name, reason, f"virsh console {domain.name}", transient=True)


def last_line(console: str, limit: int = 100) -> str:
    """The last line on a console that is not empty, without anything a terminal obeys."""
    lines = [_CONTROL.sub("", line).strip() for line in console.replace("\r", "\n").splitlines()]
    return next((line[-limit:] for line in reversed(lines) if line), "")


def _lost(search: Search, domain: DomainSeen, surroundings: Surroundings) -> CouldNotLook:
    nic = domain.nics[0]
    said = surroundings.agent_addresses(domain)
    if said is not None:
        return _told_by_agent(domain, nic, said, surroundings)
    where = t("network {network}", network=nic.network) if nic.network else t("bridge {bridge}", bridge=nic.bridge)
    if search.tried:
        tried = ", ".join(one for one in search.tried if not one.startswith("fe80"))
        reason = t("{where} has no answer from {addresses}", where=where, addresses=tried or search.tried[0])
    else:
        reason = t("{where} has given it no lease, and it has not been heard there", where=where)
    return _cannot(domain.name, reason, f"virsh console {domain.name}")


def _told_by_agent(
    domain: DomainSeen, nic: NicSeen, said: dict[str, list[str]], surroundings: Surroundings
) -> CouldNotLook:
    found = [(dev, address) for dev, addresses in said.items() for address in addresses]
    if not found:
        return _cannot(domain.name, t("its guest agent says it has no IPv4 address"), f"virsh console {domain.name}")
    text = ", ".join(f"{address} ({dev})" for dev, address in found)
    bridge = surroundings.links().get(nic.bridge or "")
    own = [one for one in bridge.addresses if ":" not in one] if bridge else []
    if own and not any(_same_network(one, address) for one in own for _, address in found):
        reason = t("its guest agent says it has {addresses}, but {bridge} has {own}",
                   addresses=text, bridge=nic.bridge, own=", ".join(own))  # fmt: skip
    else:
        reason = t("its guest agent says it has {addresses}, but SSH does not answer there", addresses=text)
    return _cannot(domain.name, reason, f"virsh domifaddr {domain.name} --source agent")


def _same_network(one: str, other: str) -> bool:
    try:
        return ip_interface(one).network == ip_interface(other).network
    except ValueError:
        return False
