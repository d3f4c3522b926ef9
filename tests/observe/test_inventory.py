"""`kvmlab diff` and the proof of a reset: what two pictures of a lab host have in common, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from kvmlab.observe.inventory import changes, inventory_of

LIVE = """<domain type='qemu' id='{id}'><name>web1</name><memory unit='KiB'>131072</memory><devices>
<interface type='network'><source network='default' portid='4c53{id}'/>
<target dev='vnet{id}'/></interface><console type='pty' tty='/dev/pts/{id}'><source path='/dev/pts/{id}'/></console>
<disk><source file='/d/web1'/></disk></devices>
<seclabel type='dynamic'><label>+0:+0</label></seclabel></domain>"""
STORED = "<domain type='qemu'><name>web1</name><memory unit='KiB'>131072</memory></domain>"
FILE = {"kind": "file", "mode": 0o644, "uid": 0, "gid": 0, "size": 9, "mtime": 1, "inode": 5, "sum": "ab"}


def picture(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A host as it is at its start; `number` stands for all that is drawn anew at each."""
    domain = {"state": "running", "persistent": True, "autostart": False, "managed save": False, "stored": STORED}
    network = {"active": True, "persistent": True, "autostart": True}
    xml = f"<network connections='{number}'><name>default</name></network>"
    tap = {"ifname": f"vnet{number}", "address": "fe:54", "master": "virbr0", "linkinfo": {"info_kind": "tun"}}
    files = {
        "/d/web1": {**FILE, "sampled": True, "mtime": number, "sum": f"s{number}", "qcow2": [1 << 28, "", 0]},
        "/d/base": {**FILE, "sampled": True, "mtime": 7, "sum": "base"},
        "/etc/libvirt/qemu.conf": {**FILE, "mtime": number, "inode": number},
        f"/var/lib/libvirt/qemu/domain-{number}-web1": {**FILE, "kind": "directory"},
    }
    return {
        "domains": {"web1": {**domain, "live": LIVE.format(id=number), "snapshots": {"a": {"created": str(number)}}}},
        "networks": {"default": {**network, "stored": xml, "live": xml}},
        "pools": {"store": {**network, "stored": "", "XML": f"<pool>\n<available>{number}</available></pool>",
                            "volumes": ["a.img"]}},
        "links": [tap, {"ifname": "ens33", "flags": ["UP"], "address": "aa", "addr_info": []}],
        "routes": [{"dst": "default", "gateway": "10.0.0.2", "dev": "ens33", "flags": ["linkdown"] * (number % 2)}],
        "qemu": {"web1": {"pid": number, "started": number, "boots": 0}},
        "files": files, "units": {"libvirtd.service": "active"}, "packages": ["ii  qemu 7.2"], **changed,
    }  # fmt: skip


def test_two_equal_starts_have_the_same_inventory() -> None:
    """Whatever was drawn anew, and whatever a guest has written by then."""
    assert inventory_of(picture(1)) == inventory_of(picture(2))
    assert changes(picture(1), picture(2)) == []


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("domains", "web1", {"state": "paused"}, "domain web1: state: running, now paused"),
        ("domains", "web1", {"autostart": True}, "domain web1: autostart: no, now yes"),
        ("domains", "web1", {"stored": STORED.replace("131072", "262144")}, "domain web1: stored"),
        ("domains", "web1", {"snapshots": {}}, "snapshot a of web1: is gone"),
        ("networks", "default", {"active": False}, "network default: active: yes, now no"),
        ("pools", "store", {"volumes": ["a.img", "b.img"]}, "volume b.img in store: was not there before"),
        ("files", "/etc/libvirt/qemu.conf", {"sum": "cd"}, "file /etc/libvirt/qemu.conf"),
        ("files", "/d/base", {"mtime": 8}, "content of /d/base"),
        ("files", "/d/web1", {"qcow2": [1 << 29, "", 0]}, "file /d/web1"),
        ("units", "libvirtd.service", None, "unit libvirtd.service: is gone"),
    ],
)
def test_what_has_changed_is_said(part: str, name: str, value: Any, said: str) -> None:
    """One line for one change."""
    now = picture(2)
    now[part] = {**now[part], name: {**now[part][name], **value}} if value else {}
    found = [one.text() for one in changes(picture(1), now)]
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_guest_s_disk_is_nobody_s_change_while_it_runs() -> None:
    """One that was off at the start has a disk that holds still."""
    start, now = picture(1), picture(1)
    now["files"] = {**now["files"], "/d/web1": {**now["files"]["/d/web1"], "mtime": 99}}
    assert changes(start, now) == []
    for one in (start, now):
        one["domains"]["web1"] |= {"live": "", "state": "shut off", "stored": LIVE.format(id=0)}
    assert [one.name for one in changes(start, now)] == ["content of /d/web1"]
