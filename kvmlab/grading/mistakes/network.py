"""Mistakes with networks: libvirt's, and the host's bridges."""

from __future__ import annotations

import ipaddress

from kvmlab.checks.vocabulary.host import Host
from kvmlab.checks.vocabulary.link import Link, StoredLink
from kvmlab.grading.mistakes.around import interfaces, met_by
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

_EVERYWHERE = ("0.0.0.0", "*", "::")


def _inactive(failed: FailedObject, host: Host) -> bool:
    network = host.network(failed.key[0])
    return failed.lacks("active") and network.value("active") is False


def _bridge_taken(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if not _inactive(failed, host) or not (bridge := host.network(name).value("bridge")):
        return None
    if host.link(bridge).value("exists"):
        return {"name": name, "bridge": bridge}
    return None


def _subnet_taken(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    address = host.network(name).value("address") if _inactive(failed, host) else None
    if not address:
        return None
    subnet = str(ipaddress.ip_interface(address).network)
    dev = host.route(subnet).value("dev")
    return {"name": name, "subnet": subnet, "dev": dev} if dev else None


def _port_53(failed: FailedObject, host: Host) -> Words | None:
    if not _inactive(failed, host) or not host.network(failed.key[0]).value("address"):
        return None
    dns = host.listen(53)
    everywhere = any(address in _EVERYWHERE for address in dns.value("listening") or ())
    return {"name": failed.key[0], "process": dns.value("process") or "?"} if everywhere else None


def _not_started(failed: FailedObject, host: Host) -> Words | None:
    hindered = any(look(failed, host) for look in (_bridge_taken, _subnet_taken, _port_53))
    return {"name": failed.key[0]} if _inactive(failed, host) and not hindered else None


def _network_starts(failed: FailedObject, host: Host) -> Words | None:
    if not failed.lacks("network_starts"):
        return None
    wanted = {one.key[-1]: one for one in interfaces(host, failed.key[0])}
    networks = (one.value("source") for one in wanted.values() if one.value("type") == "network")
    asleep = next((one for one in networks if one and host.network(one).value("autostart") is False), None)
    return {"name": failed.key[0], "network": asleep} if asleep else None


def _address_on_port(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if not failed.lacks("addresses") or failed.missing or failed.want.get("addresses") == []:
        return None
    for port in host.link(name).value("ports") or ():
        if host.link(port).value("addresses"):
            return {"name": name, "port": port}
    return None


def _link_down(failed: FailedObject, host: Host) -> Words | None:
    fits = failed.lacks("state", "up") and not failed.missing and host.link(failed.key[0]).value("up") is False
    return {"name": failed.key[0]} if fits else None


def _listening(failed: FailedObject, host: Host) -> Words | None:
    state = host.link(failed.key[0]).value("port_state") if failed.lacks("port_state") else None
    return {"name": failed.key[0], "state": state} if state in ("listening", "learning") else None


def _not_at_boot(failed: FailedObject, host: Host) -> Words | None:
    return {"name": failed.key[0]} if met_by(Link, host, failed.key, failed) else None


def _not_brought_up(failed: FailedObject, host: Host) -> Words | None:
    return {"name": failed.key[0]} if met_by(StoredLink, host, failed.key, failed) else None


NETWORK = (
    Pattern(
        "bridge-taken",
        ("network",),
        _bridge_taken,
        "The network `{name}` cannot start: there is a link {bridge} already, the name of its own bridge.",
        "ip -d link show {bridge}",
    ),
    Pattern(
        "subnet-taken",
        ("network",),
        _subnet_taken,
        "The network `{name}` cannot start: the host has {subnet} on {dev} already.",
        "ip route",
    ),
    Pattern(
        "port-53-taken",
        ("network",),
        _port_53,
        "The network `{name}` cannot start its DNS: {process} listens on port 53 of all addresses.",
        "ss -lntup 'sport = 53'",
    ),
    Pattern(
        "network-not-started",
        ("network",),
        _not_started,
        "The network `{name}` is defined, which does not start it (net-start; net-autostart for every boot).",
        "virsh net-list --all",
    ),
    Pattern(
        "network-asleep",
        ("interface",),
        _network_starts,
        "`{name}` hangs on the network `{network}`, which nobody starts at boot: autostart of the guest alone fails.",
        "virsh net-list --all",
    ),
    Pattern(
        "address-on-port",
        ("link",),
        _address_on_port,
        "The address is on {port}, which is a port of {name}: a bridge's address belongs to the bridge itself.",
        "ip -br address",
    ),
    Pattern(
        "link-down", ("link",), _link_down, "{name} is there, but not set up (ip link set {name} up).", "ip -br link"
    ),
    Pattern(
        "port-listening",
        ("link",),
        _listening,
        "{name} is {state}: with STP a new port waits for the forward delay, twice, before it passes anything on.",
        "bridge link show dev {name}",
    ),
    Pattern(
        "not-at-boot",
        ("stored-link",),
        _not_at_boot,
        "{name} is so now, but nothing in /etc/network/interfaces makes it so at the next boot.",
        "ifquery {name}",
    ),
    Pattern(
        "not-brought-up",
        ("link",),
        _not_brought_up,
        "It stands in /etc/network/interfaces as wanted, but {name} was not brought up by it (ifdown, ifup).",
        "ifquery {name}",
    ),
)
