# ruff: noqa: E501 (tables are read better in one line)
"""What the next boot does with the network, in the words of each system that keeps it."""

from __future__ import annotations

import pytest

from kvmlab.guest.stored import stored_network
from kvmlab.guest.stored_files import Stored, with_prefix

MAC = "52:54:00:aa:bb:01"

STATIC = {
    "ifupdown": {
        "/etc/network/interfaces": """
            auto lo
            iface lo inet loopback
            # iface eth0 inet dhcp
            auto eth0
            iface eth0 inet static
                address 10.0.0.122/24
                gateway 10.0.0.2
                dns-nameservers 10.0.0.2 10.0.0.3
            iface eth0 inet6 auto
                address fd00::1/64
            """
    },
    "ifupdown with a netmask": {
        "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n",
        "/etc/network/interfaces.d/lan": "allow-hotplug eth0\niface eth0 inet static\n address 10.0.0.122\n netmask 255.255.255.0\n"
        " gateway 10.0.0.2\n dns-nameservers 10.0.0.2 \\\n 10.0.0.3\n",
    },
    "ifupdown, the netmask first, files of a folder": {
        "/etc/network/interfaces": "auto eth0\nsource-directory interfaces.d\n",
        "/etc/network/interfaces.d/lan": "iface eth0 inet static\n netmask 24\n address 10.0.0.122 # mine\n gateway 10.0.0.2\n"
        " dns-nameservers 10.0.0.2 10.0.0.3\n",
        "/etc/network/interfaces.d/lan.bak": "iface eth0 inet static\n gateway 10.0.0.9\n",
    },
    "ifupdown with a command for the route to everywhere": {
        "/etc/network/interfaces": "auto eth0\niface eth0 inet static\n address 10.0.0.122/24\n dns-nameservers 10.0.0.2 10.0.0.3\n"
        " post-up route add -net 0.0.0.0 netmask 0.0.0.0 gw 10.0.0.2\n",
    },
    "ifupdown with a command for the route": {
        "/etc/network/interfaces": "auto eth0\niface eth0 inet static\n address 10.0.0.122/24\n dns-nameservers 10.0.0.2 10.0.0.3\n"
        " up route add -net 10.9.0.0/16 gw 10.0.0.9\n up route add default gw 10.0.0.2 dev eth0 || true\n",
    },
    "NetworkManager": {
        "/etc/NetworkManager/system-connections/lan.nmconnection": "[connection]\nid=lan\ntype=ethernet\ninterface-name=eth0\n"
        "[ipv4]\naddress1=10.0.0.122/24,10.0.0.2\ndns=10.0.0.2;10.0.0.3;\nmethod=manual\n",
        "/etc/NetworkManager/system-connections/old": "[connection]\ninterface-name=eth0\nautoconnect=false\n[ipv4]\nmethod=auto\n",
    },
    "NetworkManager by MAC, with priorities": {
        "/etc/NetworkManager/system-connections/a": f"[connection]\nid=a\n[ethernet]\nmac-address={MAC.upper()}\n[ipv4]\nmethod=auto\n",
        "/etc/NetworkManager/system-connections/b": f"[connection]\nautoconnect-priority=5\n[ethernet]\nmac-address={MAC.upper()}\n"
        "[ipv4]\nmethod=manual\naddress1=10.0.0.122/24\ngateway=10.0.0.2\ndns=10.0.0.2;10.0.0.3\n",
    },
    "systemd-networkd": {
        "/etc/systemd/network/10-lan.network": "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.122/24\nGateway=10.0.0.2\n"
        "DNS=10.0.0.2\nDNS=10.0.0.3\n",
        "/etc/systemd/network/20-all.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n",
    },
    "netplan": {
        "/etc/netplan/50-lan.yaml": "network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [10.0.0.122/24]\n      routes:\n"
        "        - to: default\n          via: 10.0.0.2\n      nameservers:\n        addresses:\n          - 10.0.0.2\n          - 10.0.0.3\n",
    },
    "netplan by MAC": {
        "/etc/netplan/50-lan.yaml": f'network:\n  ethernets:\n    lan:\n      match: \n        macaddress: "{MAC}"\n      dhcp4: false\n'
        "      addresses:\n      - 10.0.0.122/24\n      gateway4: 10.0.0.2 # old\n      nameservers:\n        addresses: [10.0.0.2, 10.0.0.3]\n",
    },
    "ifcfg": {
        "/etc/sysconfig/network-scripts/ifcfg-eth0": 'DEVICE="eth0"\nBOOTPROTO=none\nONBOOT=yes\nIPADDR=10.0.0.122\nPREFIX=24\n'
        "GATEWAY=10.0.0.2\nDNS1=10.0.0.2\nDNS2=10.0.0.3\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("files", STATIC.values(), ids=STATIC.keys())
def test_a_static_address(files: dict[str, str]) -> None:
    found = stored_network(files, "eth0", MAC)
    assert found is not None
    assert (found.method, found.addresses, found.gateway) == ("static", ["10.0.0.122/24"], "10.0.0.2")
    assert found.dns == ["10.0.0.2", "10.0.0.3"]
    assert found.config in files


DYNAMIC = {
    "ifupdown": {"/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n"},
    "NetworkManager": {"/etc/NetworkManager/system-connections/x": "[connection]\ninterface-name=eth0\n[ipv4]\nmethod=auto\n"},
    "NetworkManager, any NIC": {"/etc/NetworkManager/system-connections/x": "[connection]\nid=x\ntype=ethernet\n[ipv4]\nmethod=auto\n"},
    "systemd-networkd": {"/etc/systemd/network/a.network": "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n"},
    "netplan": {"/etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0:\n      dhcp4: true\n"},
    "ifcfg": {"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"},
}  # fmt: skip


@pytest.mark.parametrize("files", DYNAMIC.values(), ids=DYNAMIC.keys())
def test_dhcp(files: dict[str, str]) -> None:
    found = stored_network(files, "eth0", MAC)
    assert found is not None
    assert (found.method, found.addresses, found.gateway, found.dns) == ("dhcp", [], None, [])


def ifupdown(text: str, *, udev: bool = False) -> Stored | None:
    return stored_network({"/etc/network/interfaces": text}, "eth0", MAC, managed=False, udev=udev)


def test_what_is_plugged_in_comes_up_only_with_udev() -> None:
    text = "allow-hotplug eth0\niface eth0 inet dhcp\n"
    assert ifupdown(text) is None
    assert ifupdown(text, udev=True) is not None


@pytest.mark.parametrize(
    ("line", "address", "gateway"),
    [
        ("gateway 10.0.0.9", "10.0.0.122/24", "10.0.0.9 10.0.0.2"),  # ifupdown takes both, in two lines
        ("address 10.0.0.9", "10.0.0.9 10.0.0.122/24", "10.0.0.2"),
        ("netmask 255.255.255.0 # class C", "10.0.0.122", "10.0.0.2"),  # the comment is part of the value
    ],
)
def test_a_stanza_that_no_command_can_carry_out_is_told_as_it_is(line: str, address: str, gateway: str) -> None:
    mask = "" if line.startswith("netmask") else " netmask 24\n"
    found = ifupdown(f"auto eth0\niface eth0 inet static\n {line}\n address 10.0.0.122\n{mask} gateway 10.0.0.2\n")
    assert found is not None
    assert (found.addresses, found.gateway) == ([address], gateway)


NOTHING = {
    "no file": {},
    "not at boot": {"/etc/network/interfaces": "iface eth0 inet static\n address 10.0.0.122/24\n"},
    "another interface": {"/etc/network/interfaces": "auto eth10\niface eth10 inet dhcp\n"},
    "a file that nothing names": {
        "/etc/network/interfaces": "auto eth0\n", "/etc/network/interfaces.d/lan": "iface eth0 inet dhcp\n",
    },
    "a line that cannot be read": {"/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\niface eth1 static\n"},
    "an option without a value": {"/etc/network/interfaces": "auto eth0\niface eth0 inet static\n address\n"},
    "files that name each other": {"/etc/network/interfaces": "source /etc/network/interfaces\n"},
    "a comment": {"/etc/network/interfaces": "#auto eth0\n#iface eth0 inet dhcp\n"},
    "not by itself": {"/etc/NetworkManager/system-connections/x": "[connection]\ninterface-name=eth0\nautoconnect=no\n"},
    "another MAC": {"/etc/NetworkManager/system-connections/x": "[connection]\n[ethernet]\nmac-address=00:00:00:00:00:01\n"},
    "switched off": {"/etc/sysconfig/network-scripts/ifcfg-eth0": "ONBOOT=no\nBOOTPROTO=dhcp\n"},
    "nonsense": {
        "/etc/network/interfaces": "\x1b[2J\niface\nauto\n", "/etc/NetworkManager/system-connections/x": "[[[\n=\n",
        "/etc/netplan/x.yaml": "- - -\n::\n\t\n", "/etc/systemd/network/x.network": "]\n=\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("files", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_stored(files: dict[str, str]) -> None:
    assert stored_network(files, "eth0", MAC) is None


def test_networkmanager_counts_only_where_it_runs() -> None:
    files = STATIC["NetworkManager"] | DYNAMIC["ifupdown"]
    managed = stored_network(files, "eth0", MAC)
    alone = stored_network(files, "eth0", MAC, managed=False)
    assert managed is not None and alone is not None
    assert (managed.method, alone.method) == ("static", "dhcp")


def test_masks() -> None:
    assert with_prefix("10.0.0.1", "255.255.255.0") == "10.0.0.1/24"
    assert with_prefix("10.0.0.1", "16") == "10.0.0.1/16"
    assert with_prefix("10.0.0.1", "nonsense") == "10.0.0.1"
