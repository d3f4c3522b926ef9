# ruff: noqa: E501 (tables are read better in one line)
"""What the next boot does with the network: as ifup says it, and in the words of each other system that keeps it.

ifup.json has what look.sh's section "config" said in a small guest (ifupdown 0.8.44) with each of these files,
readers.json what it said on Debian 13 with NetworkManager 1.52 and netplan 1.1.2.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time

import pytest

from kvmlab.errors import CouldNotLook
from kvmlab.guest.netconfig.ifup_commands import effect
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig, with_prefix
from kvmlab.guest.netconfig.next_boot import stored_network

MAC = "52:54:00:aa:bb:01"
ETH0 = Device("eth0", MAC)
IFUP: dict[str, dict[str, str | None]] = json.loads(Path(__file__).with_name("ifup.json").read_text(encoding="utf-8"))


READERS: dict[str, dict[str, str | None]] = json.loads(
    Path(__file__).with_name("readers.json").read_text(encoding="utf-8")
)


def ifup(case: str, **more: str) -> NextBootConfig | None:
    return stored_network(Kept(IFUP[case] | more), ETH0)


@pytest.mark.parametrize("case", [
    "a netmask", "a prefix", "a continued line", "a route by hand", "two routes by hand", "manual", "manual, with ifconfig",
    "inherited", "a source",
])  # fmt: skip
def test_ifupdown_gives_a_static_address(case: str) -> None:
    found = ifup(case)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == ("static", ["10.0.0.122/24"], "10.0.0.2")
    assert found.dns == ["10.0.0.2", "10.0.0.3"]
    assert f"config:{found.config}" in IFUP[case]


@pytest.mark.parametrize(("case", "method", "addresses", "gateway"), [
    ("dhcp", "dhcp", [], None),
    ("a comment behind the address", "manual", [], None),  # `ip addr add 10.0.0.122 # fixed/24 dev eth0`: no device
    ("a comment behind the netmask", "manual", [], None),
    ("a prefix and a netmask", "static", ["10.0.0.122/16"], "10.0.0.2"),  # the netmask counts
    ("no netmask", "static", ["10.0.0.122/8"], "10.0.0.2"),  # that of the address' class
    ("two gateways", "static", ["10.0.0.122/24"], "10.0.0.2"),  # the second line is a command of its own
    ("two addresses", "manual", [], None),
    ("a gateway that is no neighbour", "static", ["10.0.0.122/24"], None),
    ("a command that fails", "manual", [], None),  # and what comes after it is not run
    ("a misspelt option", "static", ["10.0.0.122/24"], None),
    ("no address", "manual", [], None),
])  # fmt: skip
def test_ifupdown_does_what_it_says(case: str, method: str, addresses: list[str], gateway: str | None) -> None:
    found = ifup(case)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == (method, addresses, gateway)


@pytest.mark.parametrize(("case", "command"), [
    ("a script", "/root/network.sh"), ("a substitution", "cat /root/gateway"), ("a mapping", "mapping"),
])  # fmt: skip
def test_what_cannot_be_told_is_not_guessed(case: str, command: str) -> None:
    with pytest.raises(CouldNotLook, match=command) as trouble:
        ifup(case)
    assert trouble.value.todo == "ifup --no-act --force eth0"


def test_an_ifup_that_says_nothing_is_no_answer() -> None:
    with pytest.raises(CouldNotLook):
        ifup("a netmask", **{"ifup:eth0": ""})


@pytest.mark.parametrize("case", [
    "plugged in", "not at boot", "another interface", "a line that cannot be read", "an option without a value",
    "a file that nothing names",
])  # fmt: skip
def test_ifupdown_brings_nothing_up(case: str) -> None:
    assert ifup(case) is None


def test_what_is_plugged_in_comes_up_only_with_udev() -> None:
    found = ifup("plugged in", udev="yes")
    assert found is not None and found.method == "dhcp"


def test_name_servers_need_a_script_that_writes_them() -> None:
    found = ifup("a netmask", **{"resolver-hook": ""})
    assert found is not None and found.dns == []


SYSTEMD = {
    "unit:NetworkManager": "enabled",
    "unit:systemd-networkd": "enabled",
    "netplan": "/usr/libexec/netplan/generate",
    "resolv-link": "../run/systemd/resolve/stub-resolv.conf",
}


def kept(files: dict[str, str], **more: str) -> Kept:
    """A guest with systemd, all of these programs, and these files."""
    return Kept({**SYSTEMD, **{f"config:{path}": text for path, text in files.items()}, **more})


def after_a_boot(files: dict[str, str], **more: str) -> NextBootConfig | None:
    return stored_network(kept(files, **more), ETH0)


def netplan(*lines: str) -> dict[str, str]:
    return {
        "/etc/netplan/50-lan.yaml": "\n".join(("network:", "  version: 2", "  ethernets:", "    eth0:", *lines)) + "\n"
    }


FLOW = "network: {version: 2, ethernets: {eth0: {addresses: [10.0.0.122/24], routes: [{to: default, via: 10.0.0.2}],\n  nameservers: {addresses: [10.0.0.2,\n 10.0.0.3]}}}}\n"
JSON = '{"network": {"ethernets": {"eth0": {"addresses": ["10.0.0.122/24"], "gateway4": "10.0.0.2", "nameservers": {"addresses": ["10.0.0.2", "10.0.0.3"]}}}}}'
NM = "/etc/NetworkManager/system-connections/"
STATIC = {
    "NetworkManager": {
        NM + "lan.nmconnection": "[connection]\nid=lan\ntype=ethernet\ninterface-name=eth0\n"
        "[ipv4]\naddress1=10.0.0.122/24,10.0.0.2\ndns=10.0.0.2;10.0.0.3;\nmethod=manual\n",
        NM + "old": "[connection]\ninterface-name=eth0\nautoconnect=false\n[ipv4]\nmethod=auto\n",
    },
    "NetworkManager by MAC, with priorities": {
        NM + "a": f"[connection]\nid=a\n[ethernet]\nmac-address={MAC.upper()}\n[ipv4]\nmethod=auto\n",
        NM + "b": f"[connection]\nautoconnect-priority=5\n[ethernet]\nmac-address={MAC.upper()}\n"
        "[ipv4]\nmethod=manual\naddress1=10.0.0.122/24\nroute1=10.2.0.0/16,10.0.0.9\nroute2=0.0.0.0/0,10.0.0.2\ndns=10.0.0.2;10.0.0.3\n",
    },
    "systemd-networkd": {
        "/etc/systemd/network/10-lan.network": "[Match]\nName=eth*\n[Network]\nAddress=10.0.0.9/24\nAddress=\nAddress=10.0.0.122/24\nGateway=10.0.0.2\n"
        "DNS=10.0.0.2\nDNS=10.0.0.3\n",
        "/etc/systemd/network/20-all.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n",
    },
    "systemd-networkd, sections of their own, and a drop-in": {
        "/etc/systemd/network/10-lan.network": f"[Match]\nMACAddress={MAC}\n[Address]\nAddress=10.0.0.122/24\n"
        "[Route]\nDestination=10.2.0.0/16\nGateway=10.0.0.9\n[Route]\nGateway=10.0.0.2\n",
        "/etc/systemd/network/10-lan.network.d/dns.conf": "[Network]\nDNS=10.0.0.2 10.0.0.3\n",
    },
    "netplan": netplan("      addresses: [10.0.0.122/24]", "      routes:", "        - to: 10.2.0.0/16", "          via: 10.0.0.9", "        - to: default",
                       "          via: 10.0.0.2", "      nameservers:", "        addresses:", "          - 10.0.0.2", "          - 10.0.0.3"),
    "netplan by MAC": {
        "/etc/netplan/50-lan.yaml": f'network:\n  ethernets:\n    lan:\n      match: \n        macaddress: "{MAC.upper()}"\n      dhcp4: false\n'
        "      addresses:\n      - 10.0.0.122/24\n      gateway4: 10.0.0.2 # old\n      nameservers:\n        addresses: [10.0.0.2, 10.0.0.3]\n",
    },
    "netplan in flow style": {"/etc/netplan/a.yaml": FLOW},
    "netplan as JSON": {"/etc/netplan/a.yaml": JSON},
    "netplan in two files": {
        "/etc/netplan/10.yaml": "network: {ethernets: {eth0: {dhcp4: true, nameservers: {addresses: [10.0.0.2]}}}}",
        "/etc/netplan/20.yaml": "network: {ethernets: {eth0: {dhcp4: no, addresses: [10.0.0.122/24: {label: x}], routes: [{to: 0.0.0.0/0, via: 10.0.0.2}], nameservers: {addresses: [10.0.0.3]}}}}",
    },
    "ifcfg": {
        "/etc/sysconfig/network-scripts/ifcfg-eth0": 'DEVICE="eth0"\nBOOTPROTO=none\nONBOOT=yes\nIPADDR=10.0.0.122\nPREFIX=24\n'
        "GATEWAY=10.0.0.2\nDNS1=10.0.0.2\nDNS2=10.0.0.3\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("files", STATIC.values(), ids=STATIC.keys())
def test_a_static_address(files: dict[str, str]) -> None:
    found = after_a_boot(files)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == ("static", ["10.0.0.122/24"], "10.0.0.2")
    assert found.dns == ["10.0.0.2", "10.0.0.3"]
    assert found.config in files


DYNAMIC = {
    "NetworkManager": {NM + "x": "[connection]\ninterface-name=eth0\n[ipv4]\nmethod=auto\n"},
    "NetworkManager, any NIC": {NM + "x": "[connection]\nid=x\ntype=ethernet\n[ipv4]\nmethod=auto\n"},
    "systemd-networkd": {"/etc/systemd/network/a.network": "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n"},
    "netplan": {"/etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n"},
    "ifcfg": {"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"},
}  # fmt: skip


@pytest.mark.parametrize("files", DYNAMIC.values(), ids=DYNAMIC.keys())
def test_dhcp(files: dict[str, str]) -> None:
    found = after_a_boot(files)
    assert found is not None
    assert (found.method, found.addresses, found.gateway, found.dns) == ("dhcp", [], None, [])


ELSEWHERE = {
    "netplan": netplan("      addresses: [10.0.0.122/24]", "      routes: [{to: 10.2.0.0/16, via: 10.0.0.2}]"),
    "systemd-networkd": {
        "/etc/systemd/network/a.network": "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.122/24\n[Route]\nDestination=10.2.0.0/16\nGateway=10.0.0.2\n",
    },
    "NetworkManager": {NM + "x": "[connection]\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=10.0.0.122/24\nroute1=10.2.0.0/16,10.0.0.2\n"},
    "NetworkManager, never the default": {
        NM + "x": "[connection]\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=10.0.0.122/24,10.0.0.2\nnever-default=true\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("files", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_route_to_some_network_is_not_the_default_route(files: dict[str, str]) -> None:
    found = after_a_boot(files)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == ("static", ["10.0.0.122/24"], None)


RIGHT = "Address=10.0.0.122/24\nGateway=10.0.0.2\n"


def network(name: str, *lines: str) -> dict[str, str]:
    return {f"/etc/systemd/network/{name}.network": "[Match]\nName=eth0\n" + "\n".join(lines)}


def test_systemd_networkd_minds_capitals() -> None:
    for section, text in (("[network]", RIGHT), ("[Network]", RIGHT.lower()), ("[Netwrok]", RIGHT)):
        found = after_a_boot(network("a", section, text))
        assert found is not None and (found.method, found.addresses, found.gateway) == ("manual", [], None)


def test_name_servers_of_systemd_networkd_need_systemd_resolved() -> None:
    for files in (network("a", "[Network]", RIGHT, "DNS=10.0.0.2"), STATIC["netplan"]):
        found = after_a_boot(files, **{"resolv-link": ""})
        assert found is not None and found.dns == []


def test_what_netplan_writes_has_its_place_among_networkds_files() -> None:
    """It is called 10-netplan-eth0.network, and the first file counts."""
    dhcp = ("[Network]", "DHCP=yes")
    for name, method in (("05-all", "dhcp"), ("20-all", "static"), ("10-netplan-eth0", "dhcp")):
        found = after_a_boot({**STATIC["netplan"], **network(name, *dhcp)})
        assert found is not None and found.method == method


def test_networkmanager_leaves_alone_what_netplan_gives_to_networkd() -> None:
    found = after_a_boot({**STATIC["netplan"], **DYNAMIC["NetworkManager"]})
    assert found is not None and found.method == "static"


def test_the_higher_priority_counts() -> None:
    """However closely the other is meant for the interface."""
    office = "[connection]\nid=x\n{}[ipv4]\nmethod=manual\naddress1=10.0.0.122/24\n"
    for priority, method in (("autoconnect-priority=1\n", "static"), ("autoconnect-priority=-1\n", "dhcp")):
        found = after_a_boot({NM + "x": office.format(priority), NM + "y": DYNAMIC["NetworkManager"][NM + "x"]})
        assert found is not None and found.method == method


@pytest.mark.parametrize("files", [
    {**STATIC["NetworkManager"], NM + "z": DYNAMIC["NetworkManager"][NM + "x"]},
    {**STATIC["NetworkManager"], **DYNAMIC["systemd-networkd"]},
    {**DYNAMIC["NetworkManager"], "/etc/netplan/a.yaml": "network: {renderer: NetworkManager, ethernets: {eth0: {addresses: [10.0.0.122/24]}}}"},
], ids=["two connections of one priority", "two programs", "a connection beside netplan's"])  # fmt: skip
def test_who_is_last_is_not_guessed(files: dict[str, str]) -> None:
    with pytest.raises(CouldNotLook):
        after_a_boot(files)


def test_two_that_do_the_same_are_no_question() -> None:
    found = after_a_boot({**DYNAMIC["NetworkManager"], **DYNAMIC["systemd-networkd"]})
    assert found is not None and found.method == "dhcp"


NOTHING = {
    "no file": {},
    "not by itself": {NM + "x": "[connection]\ninterface-name=eth0\nautoconnect=no\n"},
    "another MAC": {NM + "x": "[connection]\n[ethernet]\nmac-address=00:00:00:00:00:01\n"},
    "switched off": {"/etc/sysconfig/network-scripts/ifcfg-eth0": "ONBOOT=no\nBOOTPROTO=dhcp\n"},
    "a key that netplan does not know": netplan("      addresses: [10.0.0.122/24]", "      gatway4: 10.0.0.2"),
    "an address without a prefix": netplan("      addresses: [10.0.0.122]"),
    "another interface": {"/etc/systemd/network/a.network": "[Match]\nName=eth0 eth1\nMACAddress=00:00:00:00:00:01\n[Network]\nDHCP=yes\n"},
    "nonsense": {NM + "x": "[[[\n=\n", "/etc/netplan/x.yaml": "- - -\n::\n\t\n", "/etc/systemd/network/x.network": "]\n=\n"},
    "only yaml in a hundred thousand brackets": {"/etc/netplan/x.yaml": "[" * 60000},
}  # fmt: skip


@pytest.mark.parametrize("nest", ["[", "{", "- ", "? ", "{a: ", "[[{"])
def test_what_is_nested_without_end_is_soon_given_up(nest: str) -> None:
    began = process_time()
    assert after_a_boot({"/etc/netplan/x.yaml": nest * (60_000 // len(nest))}) is None
    assert process_time() - began < 5


@pytest.mark.parametrize("files", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_stored(files: dict[str, str]) -> None:
    assert after_a_boot(files) is None


@pytest.mark.parametrize("files", [
    {"/etc/systemd/network/a.network": "[Match]\nDriver=virtio_net\n[Network]\nDHCP=yes\n"},
    {NM + "x": "[connection]\nid=x\n[match]\ninterface-name=eth*\n"},
    {"/etc/netplan/a.yaml": "network: {ethernets: {lan: {match: {driver: virtio_net}, dhcp4: true}}}"},
    {"/etc/netplan/a.yaml": "a: &a [1]\nb: *a\n"},
], ids=["systemd-networkd", "NetworkManager", "netplan", "aliases"])  # fmt: skip
def test_what_may_be_meant_for_it_is_not_guessed(files: dict[str, str]) -> None:
    with pytest.raises(CouldNotLook):
        after_a_boot(files)


def as_read(case: str, **more: str) -> NextBootConfig | None:
    """What the reader itself makes of it, where both programs run."""
    return stored_network(Kept(READERS[case] | SYSTEMD | more), ETH0)


@pytest.mark.parametrize("case", [
    "NetworkManager", "NetworkManager, without an id", "netplan", "netplan in two files", "netplan for NetworkManager",
    "NetworkManager, no prefix",  # its own library takes /24
    "NetworkManager, autoconnect=no",  # no boolean there, so it connects as if nothing had been said
    "netplan, with an alias",
])  # fmt: skip
def test_a_static_address_as_its_reader_reads_it(case: str) -> None:
    found = as_read(case)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == ("static", ["10.0.0.122/24"], "10.0.0.2")
    assert found.dns == ["10.0.0.2", "10.0.0.3"] and f"config:{found.config}" in READERS[case]


@pytest.mark.parametrize("case", [
    "NetworkManager, autoconnect=false", "NetworkManager, a misspelt address", "NetworkManager, a method of ifupdown's",
    "NetworkManager, nonsense", "netplan, a key it does not know", "netplan, no prefix", "netplan, and no file",
    "netplan, a gateway that is no address", "netplan, a bridge of what is not there",
])  # fmt: skip
def test_what_its_reader_refuses_is_not_stored(case: str) -> None:
    assert as_read(case) is None


def test_what_its_reader_passes_over_is_not_there() -> None:
    gateway, servers = as_read("NetworkManager, a misspelt gateway"), as_read("NetworkManager, commas between servers")
    assert gateway is not None and gateway.addresses == ["10.0.0.122/24"] and gateway.gateway is None
    assert servers is not None and servers.gateway == "10.0.0.2" and servers.dns == []


def test_netplan_counts_only_where_the_program_it_writes_for_runs() -> None:
    assert as_read("netplan for NetworkManager", **{"unit:NetworkManager": "disabled"}) is None
    assert as_read("netplan", **{"unit:NetworkManager": "disabled", "unit:systemd-networkd": "disabled"}) is not None
    assert as_read("netplan", **{"unit:systemd-networkd": "masked"}) is None


def test_a_connection_that_others_may_read_is_none() -> None:
    files, path = STATIC["NetworkManager"], NM + "lan.nmconnection"
    assert after_a_boot(files, **{f"mode:{path}": "644 root"}) is None
    assert after_a_boot(files, **{f"mode:{path}": "600 nobody"}) is None
    assert after_a_boot(files, **{f"mode:{path}": "600 root"}) is not None


@pytest.mark.parametrize(
    ("case", "unit"),
    [("NetworkManager", "unit:NetworkManager"), ("systemd-networkd", "unit:systemd-networkd"), ("netplan", "netplan")],
)
def test_a_program_that_will_not_run_reads_nothing(case: str, unit: str) -> None:
    assert after_a_boot(STATIC[case], **{unit: "disabled" if unit != "netplan" else ""}) is None


def test_ifupdown_counts_with_systemd_where_its_unit_does() -> None:
    assert ifup("a netmask", **{"unit:networking": "disabled"}) is None
    assert ifup("a netmask", **{"unit:networking": "enabled"}) is not None


def test_masks() -> None:
    assert with_prefix("10.0.0.1", "255.255.255.0") == "10.0.0.1/24"
    assert with_prefix("10.0.0.1", "16") == "10.0.0.1/16"
    assert with_prefix("10.0.0.1", "nonsense") == "10.0.0.1"


@pytest.mark.parametrize(
    ("lines", "gateway", "broken"),
    [
        (["ip route add default via 10.0.0.2"], "10.0.0.2", False),
        (["ip route add default via 10.0.0.2", "ip route replace default via 10.0.0.9"], "10.0.0.9", False),
        (["route add default gw 10.0.0.2", "route del default", "route add default gw 10.0.0.9"], "10.0.0.9", False),
        (["ip route add default via 10.0.0.2", "ip route add default via 10.0.0.9"], "10.0.0.2", True),
        (["ip route add default via 10.0.0.2", "ip route add default via 10.0.0.9 metric 50"], "10.0.0.2", False),
        (["ip route add default via 10.0.0.2 metric 50", "ip route add default via 10.0.0.9"], "10.0.0.9", False),
        (["ip route add default via 10.0.0.2", "ip route append default via 10.0.0.9"], "10.0.0.2", False),
        (["ip route add default via 10.0.0.2", "ip route del default via 10.0.0.9"], "10.0.0.2", True),
        (["ip route add default via 10.0.0.2", "ip route delete default"], None, False),
        (["ip route change default via 10.0.0.2"], None, True),
        (["ip route change default via 10.0.0.2 || true", "ip route add default via 10.0.0.9"], "10.0.0.9", False),
    ],
)  # fmt: skip
def test_the_default_route_is_the_one_that_is_left(lines: list[str], gateway: str | None, broken: bool) -> None:
    """As iproute2 and the kernel have it (tried in a network namespace), one line after the other."""
    found = effect("eth0", "\n".join(["ip addr add 10.0.0.122/24 dev eth0", *lines]), {})
    assert (found.gateway, found.broken) == (gateway, broken)
