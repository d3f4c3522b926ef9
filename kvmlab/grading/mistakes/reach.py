"""Mistakes that keep something from being reached: taps, MAC addresses, leases, the host's firewall, prefixes."""

from __future__ import annotations

from collections.abc import Mapping

from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.guest_network import GuestAddress, GuestAddresses
from kvmlab.checks.vocabulary.host import Host
from kvmlab.checks.vocabulary.link import Link
from kvmlab.grading.mistakes.around import domains, interfaces, new_rules, owner_of
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

_WAYS = ("reach", "guest-reach")


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


REACH = (
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
