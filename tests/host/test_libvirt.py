# ruff: noqa: E501 (tables are read better in one line)
"""What libvirt says, on its own test driver: no daemon is needed. Facts, views, decoys, and what is missing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import libvirt
import pytest

from kvmlab.checks.reader import CAUSES, MissingObject
from kvmlab.checks.subject import vocabulary_of
from kvmlab.checks.vocabulary import devices, domain, network, snapshot, storage, system
from kvmlab.errors import CouldNotLook
from kvmlab.guest.guests import Guests
from kvmlab.host import lookup
from kvmlab.host.connection import Libvirt
from kvmlab.host.domain.displays import GraphicsElement
from kvmlab.host.domain.libvirt_domain import LibvirtDomain
from kvmlab.host.networks import LibvirtNetwork
from kvmlab.host.reader import _FROM_LOOK, HostReader
from kvmlab.host.surroundings import HostSurroundings
from kvmlab.host.xml import parse
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY, HostRoot
from tests.host.answering import Answering

NODE = f"test://{Path(__file__).parent}/node.xml"


@pytest.fixture
def writable() -> Iterator[libvirt.virConnect]:
    """The same test host, to change it. It lives as long as a connection to it does."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    yield libvirt.open(NODE)


class Direct(Libvirt):
    """Reads over a connection that the test holds: each connection to a node file would be a host of its own."""

    def __init__(self, connection: libvirt.virConnect) -> None:
        super().__init__(HostRoot(Path("/nowhere")))
        self._connection = connection

    def _open(self) -> libvirt.virConnect:
        return self._connection


@pytest.fixture
def reader(writable: libvirt.virConnect, tmp_path: Path) -> HostReader:
    return reader_over(Direct(writable), tmp_path)


def reader_over(connection: Libvirt, tmp_path: Path) -> HostReader:
    way = HostConnection(HostRoot(tmp_path), tmp_path / "key", patience=0.1)
    return HostReader(connection, way, Guests(HostSurroundings(connection, way), tmp_path / "key", patience=0.1))


def facts(reader: HostReader, kind: str, *key: str, names: str) -> list[Any]:
    answer = reader.read(kind, key, names.split())
    assert not isinstance(answer, MissingObject), answer
    return [answer[name].value for name in names.split()]


def absent(reader: HostReader, kind: str, *key: str) -> MissingObject:
    answer = reader.read(kind, key, [])
    assert isinstance(answer, MissingObject)
    return answer


def test_a_domain(reader: HostReader) -> None:
    names = "state persistent autostart title memory_mib max_memory_mib vcpus max_vcpus vcpu_pins boot features"
    assert facts(reader, "domain", "web1", "now", names=names) == [
        "running", True, False, "The web server", 128, 256, 1, 4, {"0": "1"}, ["hd", "cdrom"], ["acpi"],
    ]  # fmt: skip
    assert facts(reader, "domain", "web1", "now", names="mergeable") == [True]
    assert facts(reader, "domain", "web1", "stored", names="stats_period_s") == [5]
    assert facts(reader, "domain", "web1", "now", names="disks interfaces type arch cpu_topology") == [
        ["vda", "sda"], ["52:54:00:aa:bb:01", "52:54:00:aa:bb:02"], "test", "x86_64",
        {"sockets": "1", "cores": "4", "threads": "1"},
    ]  # fmt: skip


def test_a_vcpu_without_a_pin_of_its_own_takes_that_of_all(reader: HostReader, writable: libvirt.virConnect) -> None:
    xml = writable.lookupByName("web1").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    writable.defineXML(re.sub("<vcpu [^>]*>4<", "<vcpu cpuset='0,2' current='1'>4<", xml))
    assert facts(reader, "domain", "web1", "stored", names="vcpu_pins") == [
        {"0": "1", "1": "0,2", "2": "0,2", "3": "0,2"},
    ]  # fmt: skip


def test_why_a_domain_is_as_it_is(reader: HostReader, writable: libvirt.virConnect) -> None:
    one = writable.lookupByName("web1")
    one.suspend()
    assert facts(reader, "domain", "web1", "now", names="state reason") == ["paused", "user"]
    one.resume()
    one.destroy()
    assert facts(reader, "domain", "web1", "now", names="state reason id") == ["shut off", "destroyed", None]
    assert absent(reader, "domain", "web1", "live").text == "not running"
    one.create()
    one.shutdown()
    assert facts(reader, "domain", "web1", "now", names="state reason") == ["shut off", "shutdown"]


def test_live_and_stored_are_two_things(reader: HostReader, writable: libvirt.virConnect) -> None:
    one = writable.lookupByName("web1")
    one.setVcpusFlags(2, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    one.setMemoryFlags(200 << 10, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert facts(reader, "domain", "web1", "now", names="vcpus memory_mib") == [2, 128]
    assert facts(reader, "domain", "web1", "stored", names="vcpus memory_mib") == [1, 200]
    assert facts(reader, "domain", "web1", "now", names="changed") == [True]


def test_a_transient_domain_has_nothing_stored(reader: HostReader, writable: libvirt.virConnect) -> None:
    writable.createXML("<domain type='test'><name>t</name><memory>1024</memory><os><type>hvm</type></os></domain>")
    assert facts(reader, "domain", "t", "now", names="persistent autostart") == [False, False]
    assert absent(reader, "domain", "t", "stored").text == "transient: nothing is stored"


def test_a_name_that_is_not_quite_right(reader: HostReader) -> None:
    for name in (
        "web",
        "web11",
        "WEB1",
        "web1 ",
        "",
        "../web1",
        "<web1/>",
        "w" * 300,
        "6695eb01-f6a4-8304-79aa-97f2502e193f",
    ):
        missing = absent(reader, "domain", name, "now")
        assert missing.text == "not defined"
        assert set(missing.offers) == {"web1", "web10"}


def test_interfaces_by_mac_source_and_place(reader: HostReader) -> None:
    names = "type source model link_state mac"
    first = ["network", "default", "virtio", "up", "52:54:00:aa:bb:01"]
    second = ["bridge", "br0", "e1000", "down", "52:54:00:aa:bb:02"]
    assert facts(reader, "interface", "web1", "now", "mac", "52:54:00:aa:bb:01", names=names) == first
    assert facts(reader, "interface", "web1", "now", "source", "br0", names=names) == second
    assert facts(reader, "interface", "web1", "stored", "index", "1", names=names) == second
    assert facts(reader, "interface", "web1", "stored", "source", "br0", names="bridge network_starts") == ["br0", True]
    missing = absent(reader, "interface", "web1", "now", "source", "br1")
    assert (missing.text, set(missing.offers)) == ("no such interface", {"default", "br0"})
    assert absent(reader, "interface", "web1", "now", "index", "2").text == "no such interface"
    assert absent(reader, "interface", "web2", "now", "index", "0").text == "not defined"


def test_disks_and_a_drive_without_a_medium(reader: HostReader) -> None:
    assert facts(reader, "disk", "web1", "now", "target", "vda", names="source format bus serial readonly device") == [
        "/guests/web1.qcow2", "qcow2", "virtio", "S1", False, "disk",
    ]  # fmt: skip
    assert facts(reader, "disk", "web1", "now", "source", "/guests/web1.qcow2", names="target") == ["vda"]
    assert facts(reader, "disk", "web1", "stored", "index", "1", names="source device readonly pool backing") == [
        None, "cdrom", True, None, None,
    ]  # fmt: skip


def test_a_definition_in_a_file_is_read_like_one_of_libvirts(writable: libvirt.virConnect, tmp_path: Path) -> None:
    connection = Direct(writable)
    way = Answering(lambda verb, **_: {"text": writable.lookupByName("web10").XMLDesc()})
    reader = HostReader(connection, way, Guests(HostSurroundings(connection, way), tmp_path / "key", patience=0.1))
    assert facts(reader, "domain-file", "/root/web10.xml", names="memory_mib disks as_stored") == [128, [], True]


def test_console_and_display(reader: HostReader) -> None:
    assert facts(reader, "console", "web1", "stored", names="type target_type port") == ["pty", "serial", 0]
    assert facts(reader, "graphics", "web1", "stored", names="type listen port autoport uri") == [
        "vnc", "0.0.0.0", None, True, None,
    ]  # fmt: skip
    assert absent(reader, "graphics", "web10", "now").text == "has none"


@pytest.mark.parametrize(("conf", "listens"), [
    ('#vnc_listen = "0.0.0.0"\nspice_listen = "::"\n', "127.0.0.1"),
    ('vnc_listen = "10.0.0.12"\n  vnc_listen="0.0.0.0" # all\n', "0.0.0.0"), (None, "127.0.0.1"),
])  # fmt: skip
def test_where_a_display_listens_that_does_not_say_it(conf: str | None, listens: str) -> None:
    root = parse("<domain><devices><graphics type='vnc'><listen type='address'/></graphics></devices></domain>")
    definition = Mock(root=root, way=Mock(text=Mock(return_value=conf)))
    assert GraphicsElement(definition).listen == listens


def test_networks(reader: HostReader, writable: libvirt.virConnect) -> None:
    names = (
        "active persistent autostart bridge mac forward stp delay_s address dhcp_range hosts host_names domain routes"
    )
    assert facts(reader, "network", "default", "now", names=names) == [
        True, True, False, "virbr0", "52:54:00:6b:76:01", "nat", False, 2, "192.168.122.1/24",
        "192.168.122.2-192.168.122.254", {"52:54:00:aa:bb:01": "192.168.122.11"}, {"web1": "192.168.122.11"},
        "lan.test", {"10.2.0.0/16": "192.168.122.9"},
    ]  # fmt: skip
    assert facts(reader, "network", "inner", "now", names="forward address dhcp_range") == ["isolated", None, None]
    assert [facts(reader, "network", name, "now", names="dhcp_addresses") for name in ("default", "inner")] == [
        [253],
        [0],
    ]
    assert facts(reader, "network", "default", "now", names="domains") == [["web1"]]
    writable.networkLookupByName("inner").destroy()
    assert facts(reader, "network", "inner", "now", names="active leases") == [False, {}]
    assert set(absent(reader, "network", "labs", "now").offers) == {"default", "inner"}


@pytest.mark.parametrize(("inside", "number"), [
    ("<range start='10.5.0.2' end='10.5.0.2'/>", 1),
    ("<range start='10.5.0.9' end='10.5.0.12'/><range start='10.5.0.2' end='10.5.0.10'/>", 11),
    ("<range start='10.5.0.2' end='10.5.0.3'/><host mac='52:54:00:00:00:01' ip='10.5.0.3'/>", 2),
    ("<host mac='52:54:00:00:00:01' ip='10.5.0.3'/><host mac='52:54:00:00:00:02' ip='10.5.0.4'/>", 2),
    ("<host mac='52:54:00:00:00:01' name='web1'/>", 0), ("<range start='fd00::2' end='fd00::ffff'/>", 0),
])  # fmt: skip
def test_how_many_addresses_dhcp_may_give_out(inside: str, number: int) -> None:
    definition = Mock(root=parse(f"<network><ip><dhcp>{inside}</dhcp></ip></network>"))
    assert LibvirtNetwork.dhcp_addresses.fget(definition) == number  # type: ignore[attr-defined]


DNSMASQ = {"name": "dnsmasq", "args": ["/usr/sbin/dnsmasq", "--conf-file=/var/lib/libvirt/dnsmasq/default.conf"]}


@pytest.mark.parametrize(
    ("address", "processes", "port", "found"),
    [
        ("192.168.122.1", [DNSMASQ, DNSMASQ], "tun", []),
        ("192.168.122.1", [], "tun", ["dnsmasq_runs"]),
        ("192.168.122.1", [{**DNSMASQ, "args": ["dnsmasq", "--conf-file=/x/default0.conf"]}], "tun", ["dnsmasq_runs"]),
        ("192.168.122.1", [{**DNSMASQ, "name": "sleep"}], "tun", ["dnsmasq_runs"]),
        ("192.168.122.1", [DNSMASQ], "veth", ["foreign_ports"]),
        ("192.168.122.1", [DNSMASQ], None, ["foreign_ports"]),
        (None, [DNSMASQ], "tun", ["lost_addresses"]),
    ],
)
def test_a_network_whose_start_was_undone_by_hand(
    writable: libvirt.virConnect, address: str | None, processes: list[Any], port: str | None, found: list[str]
) -> None:
    network = writable.networkLookupByName("default")
    has = [{"family": "inet", "local": address, "prefixlen": 24, "scope": "global"}] if address else []
    plug = {"ifname": "x0", "master": "virbr0", **({"linkinfo": {"info_kind": port}} if port else {})}
    said = {"links": [{"ifname": "virbr0", "addr_info": has}, plug], "processes": processes}
    way = Answering(said.__getitem__)
    causes = LibvirtNetwork(network, "now", writable, way).taken_apart()
    assert [cause.fact for cause in causes] == found and all(cause.alone for cause in causes)


@pytest.mark.parametrize(("dev", "leads"), [("ens33", True), ("lo", False), ("gone0", False), (None, True)])
def test_a_network_that_forwards_to_nowhere(writable: libvirt.virConnect, dev: str | None, leads: bool) -> None:
    """NAT through the loopback, or through a link that there is not."""
    said = f"dev='{dev}'" if dev else ""
    ip = "<ip address='10.9.0.1' prefix='24'/>"
    network = writable.networkDefineXML(f"<network><name>out</name><forward mode='nat' {said}/>{ip}</network>")
    links = [{"ifname": "ens33", "flags": ["UP"]}, {"ifname": "lo", "flags": ["LOOPBACK", "UP"]}]
    causes = LibvirtNetwork(network, "now", writable, Answering({"links": links}.__getitem__)).taken_apart()
    assert [cause.fact for cause in causes] == ([] if leads else ["forward_dev"])


@pytest.mark.parametrize(("limit", "found"), [("64", ["hard_limit_mib"]), ("4096", [])])
def test_a_guest_with_less_memory_than_its_own(
    reader: HostReader, writable: libvirt.virConnect, limit: str, found: list[str]
) -> None:
    """The kernel ends its qemu as soon as it has touched so much."""
    xml = writable.lookupByName("web1").XMLDesc()
    held = f"<memtune><hard_limit unit='MiB'>{limit}</hard_limit></memtune><vcpu"
    writable.defineXML(xml.replace("<vcpu", held, 1))
    answer = reader.read("domain", ("web1", "stored"), ["uuid"])
    assert not isinstance(answer, MissingObject)
    causes: Any = answer[CAUSES].value if CAUSES in answer else []
    assert [cause.fact for cause in causes] == found


@pytest.mark.parametrize(
    ("qemus", "found"),
    [({"web1": {"stopped": True}}, ["qemu_stopped"]), ({"web1": {"stopped": False}}, []), ({}, [])],
)
def test_a_guest_whose_qemu_somebody_has_stopped(
    writable: libvirt.virConnect, qemus: dict[str, Any], found: list[str]
) -> None:
    """libvirt says that it runs, and nothing in it goes on; of one that is off nobody is asked."""
    domain_ = writable.lookupByName("web1")
    way = Answering({"qemus": qemus}.__getitem__)
    if not domain_.isActive():
        assert LibvirtDomain(domain_, "now", way).taken_apart() == []
        domain_.create()
    causes = LibvirtDomain(domain_, "now", way).taken_apart()
    assert [cause.fact for cause in causes] == found and all(cause.alone for cause in causes)


def test_a_disk_that_may_not_be_written_to(reader: HostReader, writable: libvirt.virConnect) -> None:
    xml = writable.lookupByName("web1").XMLDesc()
    disk = "<disk type='file' device='{}'><source file='/d/x'/><target dev='{}'/><readonly/></disk>"
    more = disk.format("disk", "vdx") + disk.format("cdrom", "hdc")
    writable.defineXML(xml.replace("</devices>", f"{more}</devices>"))
    assert deciding(reader, "vdx") == ["readonly"] and deciding(reader, "hdc") == []


def deciding(reader: HostReader, target: str) -> list[str]:
    """What decides about a stored disk beside its facts."""
    answer = reader.read("disk", ("web1", "stored", "target", target), ["source"])
    assert not isinstance(answer, MissingObject)
    causes: Any = answer[CAUSES].value if CAUSES in answer else []
    return [cause.fact for cause in causes]


def test_pools_and_volumes(reader: HostReader, writable: libvirt.virConnect) -> None:
    assert facts(reader, "pool", "images", "now", names="active type target volumes autostart") == [
        True, "dir", "/guests", ["data.qcow2"], False,
    ]  # fmt: skip
    names = "format capacity_mib capacity_bytes allocation_mib path key backing type"
    assert facts(reader, "volume", "images", "data.qcow2", names=names) == [
        "qcow2", 64, 64 << 20, 2, "/guests/data.qcow2", "/guests/data.qcow2", None, "file",
    ]  # fmt: skip
    assert absent(reader, "volume", "images", "data.qcow").offers == ("data.qcow2",)
    writable.storagePoolLookupByName("images").destroy()
    assert absent(reader, "volume", "images", "data.qcow2").text == "its pool is not active"
    assert facts(reader, "pool", "images", "now", names="active capacity_mib volumes") == [False, None, []]


def test_a_volume_whose_file_was_removed_behind_libvirts_back() -> None:
    gone = libvirt.libvirtError("Storage volume not found")
    gone.err = (libvirt.VIR_ERR_NO_STORAGE_VOL,)
    connection = Mock()
    connection.storagePoolLookupByName.return_value.storageVolLookupByName.return_value.XMLDesc.side_effect = gone
    connection.storagePoolLookupByName.return_value.listAllVolumes.return_value = []
    assert isinstance(lookup.volume(connection, ("images", "data.qcow2"), Mock()), MissingObject)


def test_snapshots(reader: HostReader, writable: libvirt.virConnect) -> None:
    one = writable.lookupByName("web1")
    for name in ("first", "second"):
        one.snapshotCreateXML(f"<domainsnapshot><name>{name}</name></domainsnapshot>")
    assert facts(reader, "snapshot", "web1", "second", names="current parent state") == [True, "first", "running"]
    assert facts(reader, "snapshot", "web1", "first", names="current parent") == [False, None]
    assert set(absent(reader, "snapshot", "web1", "thrid").offers) == {"first", "second"}
    assert set(facts(reader, "domain", "web1", "now", names="snapshots")[0]) == {"first", "second"}


def test_the_inventory(reader: HostReader, writable: libvirt.virConnect) -> None:
    writable.lookupByName("web10").destroy()
    writable.networkLookupByName("inner").setAutostart(1)
    names, active, inactive = facts(reader, "inventory", "domains", names="names active inactive")
    assert (set(names), active, inactive) == ({"web1", "web10"}, ["web1"], ["web10"])
    assert facts(reader, "inventory", "networks", names="autostart transient") == [["inner"], []]


def test_a_new_pass_sees_what_has_changed(reader: HostReader, writable: libvirt.virConnect) -> None:
    assert facts(reader, "domain", "web1", "now", names="state") == ["running"]
    writable.lookupByName("web1").destroy()
    reader.refresh()
    assert facts(reader, "domain", "web1", "now", names="state") == ["shut off"]


SUBJECTS = [
    (domain.Domain, ("web1", "now")), (domain.LiveDomain, ("web1", "live")), (domain.StoredDomain, ("web1", "stored")),
    (devices.Interface, ("web1", "stored", "index", "1")), (devices.Disk, ("web1", "stored", "index", "1")),
    (devices.Console, ("web1", "stored")), (devices.Graphics, ("web1", "stored")), (network.Network, ("default", "now")),
    (storage.Pool, ("images", "now")),
    (storage.Volume, ("images", "data.qcow2")),
    (snapshot.Snapshot, ("web1", "s")), (system.Inventory, ("domains",)),
]  # fmt: skip
_NOT_IN_THE_TEST_DRIVER = {"leases", "addresses", "balloon_mib", "rss_mib", "changed"}


@pytest.mark.parametrize(("subject", "key"), SUBJECTS, ids=lambda value: getattr(value, "__name__", None))
def test_every_fact_of_the_vocabulary_has_a_reading(
    reader: HostReader, writable: libvirt.virConnect, subject: Any, key: tuple[str, ...]
) -> None:
    writable.lookupByName("web1").snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>")
    names = [name for name in vocabulary_of(subject) if name not in {"exists", *_FROM_LOOK, *_NOT_IN_THE_TEST_DRIVER}]
    answer = reader.read(subject.kind, key, names)
    assert not isinstance(answer, MissingObject)
    assert set(answer) - {CAUSES} == set(names)


BOMB = "<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><domain><name>&b;</name></domain>"


@pytest.mark.parametrize(
    "text", [BOMB, "<domain>", "", "<d>" + "x" * (9 << 20) + "</d>"], ids=["bomb", "cut", "none", "huge"]
)
def test_xml_that_libvirt_does_not_write(text: str) -> None:
    with pytest.raises(CouldNotLook):
        parse(text)


def test_a_host_without_libvirtd(tmp_path: Path) -> None:
    reader = reader_over(Libvirt(HostRoot(tmp_path), timeout_s=30), tmp_path)
    for _ in range(2):
        with pytest.raises(CouldNotLook, match="libvirtd on the lab host cannot be reached") as trouble:
            reader.read("domain", ("web1", "now"), ["state"])
        assert trouble.value.todo


def test_a_libvirtd_that_accepts_and_says_nothing(tmp_path: Path) -> None:
    from tests.remote.servers import UnixServer, silent

    server = UnixServer(tmp_path / LIBVIRT_READ_ONLY.lstrip("/"), silent)
    reader = reader_over(Libvirt(HostRoot(tmp_path), timeout_s=0.5), tmp_path)
    began = time.monotonic()
    for _ in range(10):  # the first waits, the others know
        with pytest.raises(CouldNotLook, match="does not answer"):
            reader.read("domain", ("web1", "now"), ["state"])
    assert time.monotonic() - began < 3
    server.close()


def test_a_libvirtd_that_speaks_nonsense(tmp_path: Path) -> None:
    from tests.remote.servers import UnixServer, babble

    server = UnixServer(tmp_path / LIBVIRT_READ_ONLY.lstrip("/"), babble)
    reader = reader_over(Libvirt(HostRoot(tmp_path), timeout_s=2), tmp_path)
    with pytest.raises(CouldNotLook):
        reader.read("network", ("default", "now"), ["active"])
    server.close()


def test_a_connection_that_hangs_in_the_middle(writable: libvirt.virConnect, tmp_path: Path) -> None:
    connection = Direct(writable)
    connection.timeout_s = 0.3
    with pytest.raises(CouldNotLook, match="does not answer"):
        connection.ask(lambda _: time.sleep(20))
    with pytest.raises(CouldNotLook, match="does not answer"):
        connection.ask(lambda _: 1)
    connection.refresh()  # a new pass tries again
    assert connection.ask(lambda _: 1) == 1


def test_a_surprise_is_told_as_a_bug_of_ours(reader: HostReader) -> None:
    with pytest.raises(CouldNotLook, match="bug of ours"):
        reader.read("domain", ("web1", "now"), ["no_such_fact"])
