"""libvirt's own firewall rules for its networks, as `nft list ruleset` shows them, whichever backend made them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence


def rules_about(rules: Sequence[str], bridge: str, addresses: Iterable[str]) -> list[str]:
    """The rules that speak of a network (its bridge, or a subnet that the host's addresses there are in), and what
    leads to them."""
    marks = [f'"{bridge}"', *(f" {subnet(address)} " for address in addresses)]
    return sorted(rule for rule in rules if " jump " in rule or any(mark in f"{rule} " for mark in marks))


def subnet(address: str) -> str:
    """ "192.168.122.1/24" as the rules have it: "192.168.122.0/24"."""
    return str(ipaddress.ip_interface(address).network)


def in_force(rules: Sequence[str], forward: str, bridge: str, addresses: Sequence[str]) -> bool:
    """Whether what libvirt does for a network of this forward mode is done: it refuses what must not pass (of an
    isolated network anything), and NAT translates. `open`, `bridge` and the like: libvirt makes no rules."""
    if forward not in ("isolated", "nat", "route"):
        return True
    ways = [_verdicts(rules, r"LIBVIRT_FWO|guest_output", "i", bridge),
            _verdicts(rules, r"LIBVIRT_FWI|guest_input", "o", bridge)]  # fmt: skip
    refused = all(found and found[-1] == "reject" for found in ways)
    if forward == "isolated":
        return refused and not {"accept", "return"} & {verdict for found in ways for verdict in found}
    return refused and (
        forward == "route" or all(_translated(rules, subnet(one)) for one in addresses if ":" not in one)
    )


def _verdicts(rules: Sequence[str], chain: str, side: str, bridge: str) -> list[str]:
    """What a chain that packets do go through says of those that come from ("i") or go to ("o") a bridge, in order."""
    if not any(re.search(rf" jump ({chain})$", rule) for rule in rules):
        return []
    form = rf'.*\b({chain}): .*\b{side}if(name)? "{re.escape(bridge)}" .*\b(\w+)'
    return [found[3] for rule in rules if (found := re.fullmatch(form, rule))]


def _translated(rules: Sequence[str], source: str) -> bool:
    led = any(re.search(r" jump (LIBVIRT_PRT|guest_nat)$", rule) and " nat " in f" {rule}" for rule in rules)
    return led and any(f" saddr {source} " in rule and rule.endswith(" masquerade") for rule in rules)
