"""libvirt's own firewall rules: whether they are in force for a network."""

from __future__ import annotations

import pytest

from kvmlab.host.firewall import in_force, rules_about

JUMPS = [f"ip filter FORWARD: counter jump LIBVIRT_FW{side}" for side in "XIO"]
LAB = [
    'ip filter LIBVIRT_FWO: iifname "virbr1" counter reject',
    'ip filter LIBVIRT_FWI: oifname "virbr1" counter reject',
]
OTHER = [
    'ip filter LIBVIRT_FWO: iifname "virbr10" counter accept',
    'ip filter LIBVIRT_FWI: oifname "virbr10" counter accept',
]
NAT = [
    "ip nat POSTROUTING: counter jump LIBVIRT_PRT",
    "ip nat LIBVIRT_PRT: ip saddr 192.168.70.0/24 ip daddr != 192.168.70.0/24 counter masquerade",
]
NFT = [
    "ip libvirt_network forward: counter jump guest_cross",
    "ip libvirt_network forward: counter jump guest_input",
    "ip libvirt_network forward: counter jump guest_output",
    'ip libvirt_network guest_output: iif "virbr1" counter reject',
    'ip libvirt_network guest_input: oif "virbr1" counter reject',
]
OPEN = 'ip filter LIBVIRT_FWO: iifname "virbr1" counter accept'


@pytest.mark.parametrize(("rules", "forward", "holds"), [
    ([*JUMPS, *LAB, *OTHER], "isolated", True),
    (NFT, "isolated", True),
    ([*LAB, *OTHER], "isolated", False),  # nothing leads there any more
    ([*JUMPS, *OTHER], "isolated", False),
    ([*JUMPS, LAB[0]], "isolated", False),
    ([*JUMPS, OPEN, *LAB], "isolated", False),
    ([*JUMPS, *LAB, *NAT], "nat", True),
    ([*JUMPS, *LAB], "nat", False),
    ([*JUMPS, *LAB, NAT[1]], "nat", False),
    ([*JUMPS, *LAB], "route", True),
    ([], "route", False),
    ([], "open", True),
])  # fmt: skip
def test_rules_are_in_force(rules: list[str], forward: str, holds: bool) -> None:
    assert in_force(rules, forward, "virbr1", ["192.168.70.1/24", "fd00::1/64"]) is holds


def test_what_is_about_a_network() -> None:
    """Its bridge, its subnet, and what leads there."""
    found = rules_about([*JUMPS, *LAB, *OTHER, *NAT], "virbr1", ["192.168.70.1/24"])
    assert found == sorted([*JUMPS, *LAB, *NAT])
