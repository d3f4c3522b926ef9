"""Mistakes with networks: libvirt's, the host's bridges, and the way to a guest."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.guest_network import GuestAddress, GuestAddresses
from kvmlab.checks.vocabulary.host import Host
from kvmlab.checks.vocabulary.link import Link, StoredLink
from kvmlab.grading.mistakes.around import domains, interfaces, met_by, new_rules, owner_of
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

_WAYS = ("reach", "guest-reach")
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


def _tap_elsewhere(failed: FailedObject, host: Host) -> Words | None:
    """Of a guest's interface, or of whatever cannot be reached: a tap that is not in the bridge of its definition."""
    for name in [failed.key[0]] if failed.kind == "interface" else domains(host):
        for index, nic in enumerate(interfaces(host, name)):
            tap = nic.value("target")
            ought = host.domain(name).stored.interface(index=index).value("bridge") if tap else None
            same = nic.value("source") == host.domain(name).stored.interface(index=index).value("source")
            if ought and same and host.link(tap).value("exists") and host.link(tap).value("master") != ought:
                return {"name": name, "tap": tap, "bridge": ought}
    return None


def _unplugged(failed: FailedObject, host: Host) -> Words | None:
    names = domains(host) if failed.kind in _WAYS else owner_of(failed.key[1], host)
    for name in [failed.key[0]] if failed.kind == "interface" else names:
        for nic in interfaces(host, name):
            if nic.value("link_state") == "down":
                return {"name": name, "mac": nic.value("mac")}
    return None


def _mac_twice(failed: FailedObject, host: Host) -> Words | None:
    names = domains(host)
    seen: dict[str, str] = {}
    for name in names:
        for mac in host.domain(name).value("interfaces") or ():
            if seen.setdefault(mac, name) != name and _concerns(failed, mac, (name, seen[mac])):
                return {"mac": mac, "one": seen[mac], "other": name}
    return None


def _concerns(failed: FailedObject, mac: str, names: tuple[str, str]) -> bool:
    return failed.kind in _WAYS or failed.key[0] in names or mac in failed.key


def _old_lease(failed: FailedObject, host: Host) -> Words | None:
    name, mac = failed.key[:2]
    reserved = (host.network(name).value("hosts") or {}).get(mac)
    held = host.network(name).lease(mac).value("address")
    fits = failed.lacks("address") and reserved and held and not held.startswith(f"{reserved}/")
    return {"reserved": reserved, "held": held} if fits else None


def _no_forwarding(failed: FailedObject, host: Host) -> Words | None:
    beyond = failed.kind in ("guest-reach", "flow") or failed.key[0] != "host"
    return {} if beyond and host.sysctl("net.ipv4.ip_forward").value("value") == "0" else None


def _rule_that_drops(host: Host) -> Words | None:
    """A policy or a rule that was not there at the start."""
    for line in new_rules(host):
        place, _, rule = line.partition(": ")
        if not {"drop", "reject"}.isdisjoint(rule.replace(";", " ").split()):
            return {"where": place, "rule": rule}
    return None


def _filters_bridges(host: Host) -> bool:
    return bool(host.sysctl("net.bridge.bridge-nf-call-iptables").value("value") == "1")


def _dropped(failed: FailedObject, host: Host) -> Words | None:
    return None if _filters_bridges(host) else _rule_that_drops(host)


def _bridge_filtered(failed: FailedObject, host: Host) -> Words | None:
    return _rule_that_drops(host) if _filters_bridges(host) else None


def _prefix(failed: FailedObject, host: Host) -> Words | None:
    want = failed.want.get("addresses")
    if not failed.lacks("addresses") or not isinstance(want, list | tuple):
        return None
    nouns: Mapping[str, type[Subject]] = {
        "link": Link,
        "guest-addresses": GuestAddresses,
        "guest-address": GuestAddress,
    }
    there = nouns[failed.kind](host.reader, failed.key).value("addresses")
    found = {address.partition("/")[0]: address for address in there or ()}
    for one in want:
        other = found.get(str(one).partition("/")[0], one)
        if other != one:
            return {"found": other, "wanted": one}
    return None


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
    Pattern(
        "tap-elsewhere",
        ("interface", *_WAYS),
        _tap_elsewhere,
        "The tap {tap} of `{name}` is not in {bridge}: its network was restarted under it, or somebody took it out.",
        "bridge link",
    ),
    Pattern(
        "unplugged",
        ("interface", "lease", *_WAYS),
        _unplugged,
        "The interface {mac} of `{name}` is unplugged: its link state is down.",
        "virsh domif-getlink {name} {mac}",
    ),
    Pattern(
        "mac-twice",
        ("interface", "lease", "guest-address", *_WAYS),
        _mac_twice,
        "`{one}` and `{other}` have the same MAC address {mac}.",
        "virsh domiflist {one}; virsh domiflist {other}",
    ),
    Pattern(
        "old-lease",
        ("lease",),
        _old_lease,
        "{reserved} is reserved for it, but it holds its old lease of {held} until it asks anew.",
    ),
    Pattern(
        "bridge-filtered",
        _WAYS,
        _bridge_filtered,
        "What the host's bridges pass on goes through its firewall (bridge-nf-call-iptables), and {where} has: {rule}",
        "sysctl net.bridge.bridge-nf-call-iptables; nft list ruleset",
    ),
    Pattern(
        "dropped",
        _WAYS,
        _dropped,
        "A rule of the host's firewall is in the way: {where} has: {rule}",
        "nft list ruleset",
    ),
    Pattern(
        "no-forwarding",
        ("flow", *_WAYS),
        _no_forwarding,
        "The host passes nothing on from one network to another: net.ipv4.ip_forward is 0.",
        "sysctl net.ipv4.ip_forward",
    ),
    Pattern(
        "wrong-prefix",
        ("link", "guest-address", "guest-addresses"),
        _prefix,
        "The address is right, its prefix is not: {found}, not {wanted}.",
    ),
)
