"""A picture of a host: what is remembered of a start, what of it counts, and what a small change of it looks like."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import libvirt
import pytest

from kvmlab.checks.reader import Reading
from kvmlab.errors import AuthorError
from kvmlab.host.connection import Libvirt
from kvmlab.host.start.aspects import lasting, objects_of, pool_paths, users_of
from kvmlab.host.start.comparison import StartComparison
from kvmlab.host.start.picture import PROGRAMS, Picture, from_libvirt, parameters_that_are_paths, scope_of
from kvmlab.host.start.remains import copies, remains
from kvmlab.remote.host_connection import HostConnection
from tests.labhost.inside.test_look import look

__all__ = ["look"]

DISK = """<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
<source file='/srv/store/{0}.qcow2'/>
<target dev='{0}' bus='virtio'/>{1}</disk>"""
GUEST = """<domain type='test'><name>web1</name><uuid>6d65a766-0fd2-51ee-8de0-5ad49e543b56</uuid>
<memory unit='KiB'>131072</memory><vcpu current='1'>4</vcpu><os><type>hvm</type><boot dev='hd'/></os><devices>{disks}
<interface type='network'><mac address='52:54:00:6d:31:0a'/><source network='default'/>
<model type='virtio'/></interface>
<serial type='pty'><log file='/var/log/console.log'/></serial></devices></domain>"""
POOL = "<pool type='dir'><name>store</name><target><path>/srv/store</path></target></pool>"
TAP = {"ifname": "vnet0", "master": "virbr0", "linkinfo": {"info_kind": "tun"}}
BRIDGE = {"ifname": "virbr0", "flags": ["UP"], "linkinfo": {"info_kind": "bridge"}}
OFF: dict[str, Any] = {"live": "", "snapshots": {}}
NIC = {"ifname": "ens33", "flags": ["UP"], "address": "aa", "addr_info": [
    {"family": "inet", "local": "10.0.0.12", "prefixlen": 24, "scope": "global"}]}  # fmt: skip


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[libvirt.virConnect]:
    """A host of libvirt's test driver with a guest that runs. It has no inactive XML of pools."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    (tmp_path / "node.xml").write_text("<node/>")
    home = libvirt.open(f"test://{tmp_path}/node.xml")
    home.defineXML(GUEST.format(disks=DISK.format("vda", ""))).create()
    yield home


def taken(connection: libvirt.virConnect, **more: Any) -> Picture:
    """A picture without a fact server."""
    own = {"active": False, "persistent": True, "autostart": False, "volumes": []}
    told = {**from_libvirt(connection), "pools": {"store": {**own, "stored": POOL, "XML": POOL}}}
    routes = [{"dst": "default", "gateway": "10.0.0.2", "dev": "ens33"}]
    seen = {"links": [NIC, TAP], "routes": routes, "files": {}, "salt": ""}
    qemu = {"web1": {"pid": 812, "started": 5000, "boots": 0}}
    scope = scope_of(told, ["/root/notes", "/srv", "/etc/libvirt/x"])
    return {**told, **seen, "qemu": qemu, "scope": scope, **more}


def test_what_is_remembered_of_a_guest(connection: libvirt.virConnect) -> None:
    """Now and stored, in plain words."""
    found = objects_of(taken(connection))["domain", ("web1",)]
    assert found["state"] == "running"
    assert found["process"] == "812 (5000)"
    assert found["stored vcpus"] == found["live vcpus"] == "1 / 4"
    assert found["stored memory"] == "128 / 128 MiB"
    assert found["stored disk vda"] == "disk virtio qcow2 /srv/store/vda.qcow2"
    assert found["stored interface 52:54:00:6d:31:0a"] == "network default virtio"
    assert "serial pty log=/var/log/console.log" in str(found["stored devices"])


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        (lambda xml: xml.replace("current='1'", "current='2'"), ["stored vcpus"]),
        (lambda xml: xml.replace("131072", "262144"), ["stored memory"]),
        (lambda xml: xml.replace("</disk>", "<readonly/></disk>", 1), ["stored disk vda"]),
        (lambda xml: xml.replace("<interface", DISK.format("vdb", "") + "<interface"), ["stored disk vdb"]),
        (lambda xml: xml.replace("<model type='virtio'/>", "<model type='e1000'/>"),
         ["stored interface 52:54:00:6d:31:0a"]),
        (lambda xml: xml.replace("<model type='virtio'/>", "<model type='virtio'/><link state='down'/>"),
         ["stored interface 52:54:00:6d:31:0a"]),
        (lambda xml: xml.replace("<boot dev='hd'/>", "<boot dev='cdrom'/>"), ["stored boot"]),
        (lambda xml: xml.replace("<serial", "<watchdog model='i6300esb'/><serial"), ["stored devices"]),
        (lambda xml: xml.replace("<devices>", "<cpu mode='host-passthrough'/><devices>"), ["stored cpu"]),
        (lambda xml: xml.replace("<os>", "<cputune><vcpupin vcpu='0' cpuset='1'/></cputune><os>"), ["stored pins"]),
        (lambda xml: xml.replace("<os>", "<cputune><quota>1000</quota></cputune><os>"), ["stored tuning"]),
        (lambda xml: xml.replace("<os>", "<memtune><hard_limit unit='MiB'>40</hard_limit></memtune><os>"),
         ["stored tuning"]),
        (lambda xml: xml.replace("<os>", "<memoryBacking><hugepages/></memoryBacking><os>"), ["stored tuning"]),
        (lambda xml: xml.replace("<devices>", "<clock offset='localtime'/><devices>"), ["stored qemu"]),
        (lambda xml: xml.replace("</disk>", "<iotune><total_bytes_sec>1000</total_bytes_sec></iotune></disk>", 1),
         ["stored disk vda"]),
        (lambda xml: xml.replace("<model type='virtio'/>", "<model type='virtio'/><bandwidth><inbound average='1'/>"
                                 "</bandwidth>"), ["stored interface 52:54:00:6d:31:0a"]),
        (lambda xml: xml.replace("<os>", "<title>x</title><os>"), ["stored title"]),
        (lambda xml: xml, []),
    ],
)  # fmt: skip
def test_a_small_change_of_a_definition(
    connection: libvirt.virConnect, change: Callable[[str], str], aspects: list[str]
) -> None:
    """It is seen where it is, and nowhere else."""
    before = objects_of(taken(connection))["domain", ("web1",)]
    connection.defineXML(change(GUEST.format(disks=DISK.format("vda", ""))))
    after = objects_of(taken(connection))["domain", ("web1",)]
    assert [name for name in before | after if before.get(name) != after.get(name)] == aspects


def test_a_definition_taken_from_the_guest_that_runs_is_the_same(connection: libvirt.virConnect) -> None:
    """`virsh dumpxml web1 > file; virsh define file`, as students do."""
    before = objects_of(taken(connection))
    connection.defineXML(connection.lookupByName("web1").XMLDesc())
    assert objects_of(taken(connection)) == before


def test_after_a_boot_of_the_host_only_what_lasts_counts(connection: libvirt.virConnect) -> None:
    """Guests have gone down with it; nobody has switched them off."""
    found = lasting(objects_of(taken(connection))["domain", ("web1",)])
    assert {"stored vcpus", "autostart", "snapshots"} <= found.keys()
    assert not {name for name in found if name.startswith("live")} | ({"state", "process", "boots"} & found.keys())


def test_a_reset_of_a_paused_guest_hangs_up_its_agent(connection: libvirt.virConnect) -> None:
    """No kernel has begun to boot, and the process is the same; a guest that runs may have no agent at the moment."""
    live = from_libvirt(connection)
    plain = live["domains"]["web1"]["live"]

    def boots(state: str, agent: str) -> object:
        channel = f"<channel type='unix'><target name='org.qemu.guest_agent.0' state='{agent}'/></channel></devices>"
        live["domains"]["web1"] |= {"state": state, "live": plain.replace("</devices>", channel)}
        return objects_of({**taken(connection), **live})["domain", ("web1",)]["boots"]

    assert boots("running", "connected") == boots("running", "disconnected") == boots("paused", "connected") == 0
    assert boots("paused", "disconnected") == "0, agent gone"


def test_a_guest_whose_qemu_is_stopped_does_not_run_as_it_did(connection: libvirt.virConnect) -> None:
    """By a signal, which libvirt does not notice."""
    qemu = {"pid": 812, "started": 5000, "boots": 0}
    states = [objects_of(taken(connection, qemu={"web1": {**qemu, "stopped": stopped}}))["domain", ("web1",)]["state"]
              for stopped in (True, False)]  # fmt: skip
    assert states == ["running, its qemu stopped", "running"]


def test_a_guest_that_is_off_was_started_so_often(connection: libvirt.virConnect) -> None:
    """Between two looks it may have run; of one that runs its qemu tells."""
    started = {"starts": {"web1": 2}}
    assert "starts" not in objects_of(taken(connection, **started))["domain", ("web1",)]
    connection.lookupByName("web1").destroy()
    found = objects_of(taken(connection, **started))["domain", ("web1",)]
    assert found["starts"] == 2 and "starts" not in lasting(found)
    assert objects_of(taken(connection, starts={}))["domain", ("web1",)]["starts"] == 0
    assert "starts" not in objects_of(taken(connection))["domain", ("web1",)]


def test_firewall_rules_are_one_object_that_a_boot_forgets(connection: libvirt.virConnect) -> None:
    """A record from before they were noted has none."""
    key = "firewall", ("rules",)
    found = objects_of(taken(connection, firewall=["ip nat POSTROUTING: counter masquerade"]))
    assert found[key] == {"rules": ["ip nat POSTROUTING: counter masquerade"]}
    assert lasting(found[key]) == {}
    assert key not in objects_of(taken(connection))


def test_whether_libvirtd_starts_at_boot(connection: libvirt.virConnect) -> None:
    """What starts with the host, starts by it; a host on which it is still to be installed has none."""
    found = objects_of(taken(connection, **{"at boot": {"libvirtd.service": "masked", "libvirtd.socket": "enabled"}}))
    states = {"at boot libvirtd.service": "masked", "at boot libvirtd.socket": "enabled"}
    assert found["service", ("libvirtd",)] == lasting(found["service", ("libvirtd",)]) == states
    assert ("service", ("libvirtd",)) not in objects_of(taken(connection, **{"at boot": {}}))


def test_the_tap_that_is_in_no_bridge(connection: libvirt.virConnect) -> None:
    """libvirt goes on to say that the guest is on its network; the host's kernel knows better."""
    live = from_libvirt(connection)
    name = "live interface 52:54:00:6d:31:0a"
    xml = live["domains"]["web1"]["live"].replace("<source network", "<target dev='vnet0'/><source network")
    xml = xml.replace("<target dev='test0'/>", "")
    live["domains"]["web1"]["live"] = xml
    before = objects_of({**taken(connection), **live})["domain", ("web1",)][name]
    after = objects_of({**taken(connection, links=[NIC, {**TAP, "master": None}]), **live})["domain", ("web1",)][name]
    assert (before, after) == ("network default virtio in=virbr0", "network default virtio in=-")


def test_links_are_those_that_nobody_draws_anew(connection: libvirt.virConnect) -> None:
    """No taps: which number each has is drawn. A route without a gateway follows its link's addresses."""
    objects = objects_of(taken(connection))
    assert [key for noun, key in objects if noun == "link"] == [("ens33",)]
    assert objects["route", ("default",)] == {"way": "10.0.0.2 dev ens33"}


def test_the_scope_is_what_the_lab_is_about(connection: libvirt.virConnect) -> None:
    """Its paths, its pools, its guests' disks; not the directories of everybody."""
    picture = taken(connection)
    assert picture["scope"] == ["/root/notes", *PROGRAMS, "/srv/store", "/srv/store/vda.qcow2"]
    assert users_of(picture) == {"/srv/store/vda.qcow2": ["web1", "web1"]}
    assert pool_paths(picture) == {"store": "/srv/store"}
    values = {"a": "/a", "b": ["/b", {"c": "/c"}], "n": 7, "text": "/no\npath", "d": "x/y"}
    assert parameters_that_are_paths(values) == ["/a", "/b", "/c"]


def test_without_libvirt_there_are_files_and_links(connection: libvirt.virConnect) -> None:
    """A host on which it has still to be installed."""
    nothing = dict.fromkeys(("domains", "networks", "pools"))
    assert {noun for noun, _ in objects_of({**taken(connection), **nothing})} == {"link", "route"}


# signatures of files, as the fact server takes them


def signed(look: ModuleType, path: Path, salt: str = "5a") -> dict[str, Any]:
    found = look.signatures([str(path)], [], salt)
    picture = {"domains": None, "networks": None, "pools": None, "links": [], "routes": [], "files": found,
               "scope": [str(path)]}  # fmt: skip
    return objects_of(picture)["file", (str(path),)]


def test_a_small_file_is_what_is_in_it(look: ModuleType, tmp_path: Path) -> None:
    """Written anew with the same words it is the same; a link in its place is not."""
    path = tmp_path / "note"
    path.write_text("same")
    before = signed(look, path)
    path.write_text("same")
    os.utime(path, (1, 1))
    assert signed(look, path) == before
    path.write_text("came")
    assert signed(look, path) != before
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert signed(look, path)["kind"] == f"link {tmp_path}/elsewhere"


def test_a_large_file_that_was_written_to(look: ModuleType, tmp_path: Path) -> None:
    """Its time tells, and a time set back does not hide what a sample sees."""
    path = tmp_path / "base.img"
    path.write_bytes(b"a" * (3 << 20))
    before, stamp = signed(look, path), path.stat().st_mtime_ns
    path.chmod(0o600)  # libvirt gives the files of guests to qemu, and takes them back
    assert signed(look, path) == before
    with path.open("r+b") as stream:
        stream.seek(2 << 20)
        stream.write(b"x")
    assert signed(look, path) != before
    path.write_bytes(b"b" * (3 << 20))
    os.utime(path, ns=(stamp, stamp))
    assert signed(look, path) != before
    path.write_bytes(bytes(range(256)) * (3 << 12))
    assert signed(look, path, "5b")["content"] != signed(look, path)["content"]  # other bytes are looked at


def test_what_the_header_of_a_qcow2_says(look: ModuleType, tmp_path: Path) -> None:
    """Size, backing file, snapshots (QEMU's docs/interop/qcow2.txt)."""
    head = bytearray(1 << 16)
    head[:4] = b"QFI\xfb"
    head[8:20] = (1000).to_bytes(8, "big") + (9).to_bytes(4, "big")
    head[24:32] = (256 << 20).to_bytes(8, "big")
    head[60:64] = (3).to_bytes(4, "big")
    head[1000:1009] = b"/srv/base"
    path = tmp_path / "x.qcow2"
    path.write_bytes(head)
    assert signed(look, path)["image"] == "qcow2 256 MiB, /srv/base"
    assert signed(look, path)["image snapshots"] == 3


def test_how_often_a_kernel_has_begun_to_print(look: ModuleType, tmp_path: Path) -> None:
    """`virsh reset` starts no other qemu, but another kernel."""
    log = tmp_path / "web1-console.log"
    assert look.boots(str(log)) is None
    log.write_bytes(b"[    0.000000] Linux version 6.1.0-1-cloud\r\nlogin: Linux version x\r\n")
    assert look.boots(str(log)) == 1
    with log.open("ab") as stream:
        stream.write(b"[    0.000000] Linux version 6.1.0-1-cloud\r\n")
    assert look.boots(str(log)) == 2


def test_a_bridge_of_the_hosts_own_stays_a_link_when_a_network_is_put_on_it(connection: libvirt.virConnect) -> None:
    """`<forward mode='bridge'/>`: libvirt only knows it by a name; a bridge that it makes is the network's."""
    xml = "<network><name>lan</name>{}<bridge name='br0'/></network>"
    bridge = {"ifname": "br0", "linkinfo": {"info_kind": "bridge"}}
    found = {}
    for forward in ("<forward mode='bridge'/>", "<forward mode='nat'/>"):
        one = {"active": True, "persistent": True, "autostart": False}
        networks = {"lan": {**one, "live": xml.format(forward), "stored": ""}}
        picture = taken(connection, links=[NIC, bridge], networks=networks)
        found[forward] = ("link", ("br0",)) in objects_of(picture)
    assert list(found.values()) == [True, False]


def test_stp_of_a_networks_bridge_is_remembered_with_the_network(connection: libvirt.virConnect) -> None:
    """What libvirt was told is one thing, what the kernel does another."""
    one = {"active": True, "persistent": True, "autostart": False, "stored": ""}
    xml = "<network><name>lan</name><bridge name='br0' stp='on'/></network>"
    seen = []
    for state in (1, 0):
        bridge = {"ifname": "br0", "linkinfo": {"info_kind": "bridge", "info_data": {"stp_state": state}}}
        picture = taken(connection, links=[bridge], networks={"lan": {**one, "live": xml}})
        seen.append(objects_of(picture)["network", ("lan",)]["bridge stp"])
    assert seen == [True, False]


def test_what_is_mounted_over_files_until_the_next_boot(connection: libvirt.virConnect) -> None:
    """Of the system, and of what the lab is about; anywhere else it hides nothing."""
    places = ["/", "/mnt", "/etc/libvirt/qemu", "/srv/disks", "/srv/disks/deep", "/srv/isos", "/run/user/0"]
    found = objects_of(taken(connection, scope=["/srv/disks"], mounts=dict.fromkeys(places, "tmpfs none")))
    key = "mounts", ("files",)
    assert found[key] == {"mounted": [f"{place} (tmpfs none)" for place in places[2:5]]}
    assert lasting(found[key]) == {} and key not in objects_of(taken(connection))


def test_libvirts_own_rules_belong_to_their_network(connection: libvirt.virConnect) -> None:
    """Without them a network is listed as active, and its guests come no further than the host."""
    rules = [
        'ip filter LIBVIRT_FWO: iifname "virbr0" counter reject',
        'ip filter LIBVIRT_FWO: iifname "virbr1" counter reject',
    ]
    xml = "<network><name>default</name><bridge name='virbr0'/></network>"
    default = {"active": True, "persistent": True, "autostart": True, "stored": xml, "live": xml}
    seen = {"networks": {"default": default}, "links": [NIC, BRIDGE], "network rules": rules}
    found = objects_of(taken(connection, **seen))["network", ("default",)]
    assert found["bridge firewall"] == rules[:1]
    assert "bridge firewall" not in lasting(found)


def test_a_network_is_remembered_with_its_dnsmasq(connection: libvirt.virConnect) -> None:
    """Killed, it gives no addresses out, and libvirt goes on saying that the network is active."""
    xml = "<network><name>default</name><bridge name='virbr0'/></network>"
    default = {"active": True, "persistent": True, "autostart": True, "stored": xml, "live": xml}

    def found(**seen: Any) -> dict[str, object]:
        return objects_of(taken(connection, networks={"default": default}, **seen))["network", ("default",)]

    assert found(dnsmasq=["default"])["bridge dnsmasq"] is True
    assert found(dnsmasq=["lab"])["bridge dnsmasq"] is False
    assert "bridge dnsmasq" not in found() and "bridge dnsmasq" not in lasting(found(dnsmasq=["default"]))


def test_a_plug_in_a_networks_bridge_that_is_no_guests_is_remembered(connection: libvirt.virConnect) -> None:
    """A way past libvirt; guests come and go."""
    xml = "<network><name>default</name><bridge name='virbr0'/></network>"
    default = {"active": True, "persistent": True, "autostart": True, "stored": xml, "live": xml}
    cable = {"ifname": "veth7", "master": "virbr0", "linkinfo": {"info_kind": "veth"}}
    ports = [objects_of(taken(connection, networks={"default": default}, links=[BRIDGE, TAP, *more]))[
        "network", ("default",)]["bridge ports"] for more in ([], [cable])]  # fmt: skip
    assert ports == [[], ["veth7"]]


NETWORK = """<network><name>{name}</name><uuid>{uuid}</uuid><bridge name='{bridge}'/>
<ip address='{address}' prefix='24'/></network>"""
OLD = {"name": "attic", "uuid": "0ddba11a", "bridge": "virbr9", "address": "192.168.210.1"}
NEW = {"name": "lab", "uuid": "abcd", "bridge": "virbr1", "address": "192.168.50.1"}


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([NEW], []),
        ([OLD], []),
        ([{**OLD, "name": "lab"}], ["lab"]),
        ([NEW, {**NEW, "name": "x", "bridge": "virbr9"}, {**NEW, "name": "y", "address": OLD["address"]}], ["x", "y"]),
    ],
)
def test_a_network_is_known_again_under_another_name(
    connection: libvirt.virConnect, there: list[dict[str, str]], found: list[str]
) -> None:
    """By its UUID, its bridge, the host's address in it; another network is none of it."""

    def picture(networks: list[dict[str, str]]) -> Picture:
        return taken(connection, networks={one["name"]: {"stored": NETWORK.format(**one)} for one in networks})

    assert remains(picture([OLD]), picture(there), "network", "attic") == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda xml: xml, ["archive"]),
        (lambda xml: xml.replace("6d65a766", "6d65a767"), ["archive"]),
        (lambda xml: xml.replace("6d65a766", "6d65a767").replace("31:0a", "31:0b"), ["archive"]),
        (lambda xml: xml.replace("6d65a766", "6d65a767").replace("31:0a", "31:0b").replace("vda", "vdb"), []),
    ],
)
def test_a_domain_is_known_again_under_another_name(
    connection: libvirt.virConnect, change: Callable[[str], str], found: list[str]
) -> None:
    """By its UUID, a MAC address, the file of a disk; one that had it at the start, too, is no new name."""
    old = GUEST.format(disks=DISK.format("vda", ""))
    sharer = change(old).replace("6d65a766", "77777777").replace("31:0a", "31:0c")
    before = taken(connection, domains={"old1": {**OFF, "stored": old}, "db1": {**OFF, "stored": sharer}})
    now = taken(connection, domains={"archive": {**OFF, "stored": change(old)}, "db1": {**OFF, "stored": sharer}})
    assert remains(before, now, "domain", "old1") == found


def test_copies_of_a_file_are_asked_for_by_what_was_in_it(connection: libvirt.virConnect) -> None:
    """Whatever lies at its path now."""
    asked: list[dict[str, object]] = []

    class Way:
        def ask(self, verb: str, **args: object) -> list[str]:
            asked.append({"verb": verb, **args})
            return ["/root/old"]

    start = taken(connection, files={"/srv/secret": {"kind": "file", "size": 9, "sum": "ab"}}, salt="5a")
    assert copies(start, "/srv/secret", cast(Any, Way())) == ["/root/old"]
    assert asked == [{"verb": "copies", "path": "/srv/secret", "size": 9, "sum": "ab", "salt": "5a"}]


def test_what_was_gone_when_a_repair_began_has_no_remains(connection: libvirt.virConnect) -> None:
    """A lab asks for them, and its solved state is where a repair starts; elsewhere it is a mistake of the checker."""
    start = taken(connection)
    libvirt_, way = cast(Libvirt, None), cast(HostConnection, None)
    solved = StartComparison({**start, "solved": True}, libvirt_, way)
    assert solved.read("remains", ("domain", "old")) == {"names": Reading([])}
    with pytest.raises(AuthorError, match="was not there"):
        StartComparison(start, libvirt_, way).read("remains", ("domain", "old"))
