"""What stands in the way of any connection to a guest: the domain, its interfaces, their links, bridges and networks.

In the order in which these must be right; each names the object and the command that mends or shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmlab.errors import CouldNotLook
from kvmlab.guest.surroundings import DomainSeen, LinkSeen, NicSeen, Surroundings
from kvmlab.words import t


def obstacle(name: str, domain: DomainSeen | None, surroundings: Surroundings) -> CouldNotLook | None:
    """The first thing that makes reaching the guest hopeless; None where the way seems free. Raises CouldNotLook."""
    if domain is None:
        return _undefined(name, surroundings)
    if domain.state != "running":
        return _not_running(domain)
    if not domain.nics:
        return cannot(name, t("its domain has no network interface"), f"virsh domiflist {name}")
    return next(_wiring(domain, surroundings.links()), None)


def cannot(name: str, reason: str, todo: str = "", *, transient: bool = False) -> CouldNotLook:
    """A guest that cannot be reached, and why; `transient`: that may pass by itself."""
    message = t("Guest {guest} cannot be reached: {reason}.", guest=name, reason=reason)
    return CouldNotLook(message, todo, transient=transient)


def _undefined(name: str, surroundings: Surroundings) -> CouldNotLook:
    from kvmlab.nearest import nearest

    reason = t("there is no domain {name}", name=name)
    if meant := nearest(name, surroundings.domains()):
        reason = t("there is no domain {name} (did you mean `{meant}`?)", name=name, meant=meant)
    return cannot(name, reason, "virsh list --all")


_TODO = {"paused": "virsh resume", "shut off": "virsh start", "crashed": "virsh start",
         "pmsuspended": "virsh dompmwakeup"}  # fmt: skip


def _not_running(domain: DomainSeen) -> CouldNotLook:
    reason = t("its domain is {state} ({reason})", state=t(domain.state), reason=domain.reason)
    todo = f"{_TODO.get(domain.state, 'virsh domstate --reason')} {domain.name}"
    return cannot(domain.name, reason, todo, transient=domain.state == "in shutdown")


def _wiring(domain: DomainSeen, links: dict[str, LinkSeen]) -> Iterator[CouldNotLook]:
    """What is wrong between the guest's interfaces and their bridges; nothing where one way is whole."""
    causes = [list(_broken(domain.name, nic, links)) for nic in domain.nics]
    if all(causes):
        yield from (each for found in causes for each in found)


def _broken(name: str, nic: NicSeen, links: dict[str, LinkSeen]) -> Iterator[CouldNotLook]:
    if not nic.link_up:
        reason = t("the link of its interface {mac} is set down", mac=nic.mac)
        yield cannot(name, reason, f"virsh domif-setlink {name} {nic.mac} up")
    if nic.network and not nic.network_active:
        yield cannot(name, t("network {network} is not active", network=nic.network), f"virsh net-start {nic.network}")
    if nic.bridge is None:
        return
    bridge, tap = links.get(nic.bridge), links.get(nic.tap or "")
    if bridge is None:
        yield cannot(name, t("its bridge {bridge} does not exist", bridge=nic.bridge), "ip link show type bridge")
    elif tap is not None and tap.master != nic.bridge:
        reason = t("its tap device {tap} is not a port of {bridge}", tap=tap.name, bridge=nic.bridge)
        yield cannot(name, reason, f"ip link set {tap.name} master {nic.bridge}")
    elif not bridge.set_up:
        yield cannot(name, t("its bridge {bridge} is down", bridge=nic.bridge), f"ip link set {nic.bridge} up")
    elif tap is not None and not tap.set_up:
        yield cannot(name, t("its tap device {tap} is down", tap=tap.name), f"ip link set {tap.name} up")
    elif tap is not None and (trouble := held_back(name, tap)):
        yield trouble
    elif not bridge.up:
        reason = t("its bridge {bridge} has no port that carries anything", bridge=nic.bridge)
        yield cannot(name, reason, f"ip link show master {nic.bridge}")


def held_back(name: str, port: LinkSeen) -> CouldNotLook | None:
    """What keeps a bridge from forwarding through one of its ports: its spanning tree, for good or for a while."""
    if port.port_state not in ("listening", "learning", "blocking"):
        return None
    reason = t("port {port} of its bridge {bridge} does not forward anything yet: it is {state}",
               port=port.name, bridge=port.master, state=port.port_state)  # fmt: skip
    if port.port_state == "blocking":
        reason = t("port {port} of its bridge {bridge} is blocking: the spanning tree has closed it",
                   port=port.name, bridge=port.master)  # fmt: skip
    return cannot(name, reason, f"bridge link show dev {port.name}", transient=port.port_state != "blocking")
