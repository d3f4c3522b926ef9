"""The thing itself: a file of its own, the file that qemu has open, the disk at its place, the address that is seen."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, cast
from unittest.mock import Mock

import pytest

from kvmlab.checks.reader import MissingObject
from kvmlab.checks.vocabulary.host import Host
from kvmlab.host import files, links, system
from kvmlab.host.domain.definition import Definition
from kvmlab.host.domain.devices import DiskElement, InterfaceElement
from kvmlab.host.domain.kept_file import FiledDefinition, filed
from kvmlab.host.reader import HostReader
from kvmlab.host.xml import parse
from kvmlab.remote.host_connection import HostConnection, NotThere
from tests.host.answering import Answering


def way(**answers: object) -> HostConnection:
    """One with an answer per verb; what is not there is missing."""

    def answer(verb: str, **_: object) -> object:
        if verb not in answers:
            raise NotThere("missing")
        return answers[verb]

    return Answering(answer)


STAT: Mapping[str, Any] = {
    "kind": "file", "size": 3, "mode": 0o644, "owner": "root", "group": "root", "age_s": 1.0, "names": 1,
    "device": 7, "inode": 11,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "own"),
    [({}, True), ({"target": "/root/elsewhere"}, False), ({"names": 2}, False), ({"kind": "directory"}, False)],
)
def test_a_file_of_its_own_is_no_link_and_has_no_second_name(more: dict[str, object], own: bool) -> None:
    said = files.file(way(file={**STAT, **more}), ("/srv/disk.img",), ["own_file"])
    assert not isinstance(said, MissingObject) and said["own_file"] is own


@pytest.mark.parametrize(("more", "right"), [({}, True), ({"target": "/root/elsewhere"}, False), ({"names": 2}, False)])
def test_an_image_that_is_wanted_is_a_file_of_its_own(more: dict[str, object], right: bool) -> None:
    """Without being asked for: what a link leads to may change, or be gone, at any time."""
    told = way(file={**STAT, **more}, image_info={"format": "raw"})
    reader = HostReader(cast(Any, None), told, cast(Any, None))
    host = Host(reader)
    assert host.image_file("/srv/disk.img").shows(format="raw").met is right
    assert host.file("/srv/disk.img").shows(size_bytes=3).met
    shown = host.image_file("/srv/disk.img").shows(format="raw").facts
    assert [row.see for row in shown if row.name == "own_file"] == ([] if right else ["stat /srv/disk.img"])


@pytest.mark.parametrize(("more", "right"), [({}, True), ({"data-file": "/root/photos.data"}, False)])
def test_an_image_has_its_data_in_itself(more: dict[str, object], right: bool) -> None:
    """A qcow2 file with the option data_file is little more than a header."""
    about = {"format": "qcow2", "format-specific": {"type": "qcow2", "data": {"compat": "1.1", **more}}}
    told = way(file={**STAT, "size": 196624}, image_info=about, head=b64encode(bytes(104)).decode())
    found = Host(HostReader(cast(Any, None), told, cast(Any, None))).image_file("/srv/a disk").shows(format="qcow2")
    assert found.met is right
    shown = [row.found for row in found.facts if row.name == "data_file"]
    assert shown == ([] if right else ["/root/photos.data"])


@pytest.mark.parametrize("corrupt", [True, False])
def test_an_image_marked_as_corrupt_is_told_by_qemu(corrupt: bool) -> None:
    """qemu-img check finds no fault in it; a guest does not start with it all the same."""
    about = {"format": "qcow2", "format-specific": {"type": "qcow2", "data": {"compat": "1.1", "corrupt": corrupt}}}
    told = way(file={**STAT, "size": 196624}, image_info=about, head=b64encode(bytes(104)).decode())
    found = Host(HostReader(cast(Any, None), told, cast(Any, None))).image_file("/srv/a disk").shows(format="qcow2")
    assert found.met is not corrupt
    shown = [row.see for row in found.facts if row.name == "corrupt"]
    assert shown == (["qemu-img info -U '/srv/a disk'"] if corrupt else [])


@pytest.mark.parametrize(("length", "whole"), [(196624, True), (98312, False), (196608, False)])
def test_an_image_is_whole(length: int, whole: bool) -> None:
    """Cut in half, an empty qcow2 image still tells its sizes, and reads as zeros."""
    head = struct.pack(">4sIQIIQIIQQI", b"QFI\xfb", 3, 0, 0, 16, 1 << 30, 0, 2, 196608, 65536, 1)
    told = way(file={**STAT, "size": length}, image_info={"format": "qcow2"}, head=b64encode(head).decode())
    found = Host(HostReader(cast(Any, None), told, cast(Any, None))).image_file("/srv/a disk").shows(format="qcow2")
    assert found.met is whole
    shown = [row.see for row in found.facts if row.name == "whole"]
    assert shown == ([] if whole else ["qemu-img check '/srv/a disk'"])


def test_the_filesystems_on_an_image_are_told_by_their_uuids() -> None:
    """A table of partitions and a filesystem on the first of them; random bytes are none."""
    ext = bytearray(69632)
    ext[1024 + 0x38 : 1024 + 0x3A] = b"\x53\xef"
    ext[1024 + 0x68 : 1024 + 0x78] = bytes(range(16))
    heads = [b64encode(head).decode() for head in (bytes(69632), bytes(ext), bytes(range(256)) * 272)]
    told = way(file=STAT, image_info={"format": "raw"}, image_heads=heads)
    image = Host(HostReader(cast(Any, None), told, cast(Any, None))).image_file("/srv/disk.img")
    assert image.shows(filesystems=["00010203-0405-0607-0809-0a0b0c0d0e0f"]).met
    assert not image.shows(filesystems=[]).met


class Running(Definition):
    """A domain that runs, as far as its disk is concerned."""

    def __init__(self, its_way: HostConnection) -> None:
        self.way, self.view, self.active = its_way, "live", True

    @property
    def domain(self) -> Any:
        class Named:
            def name(self) -> str:
                return "web1"

        return Named()


DISK = parse("""<disk type='file'><source file='/srv/disk.img'/><target dev='vdb' bus='virtio'/>
<address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x1'/></disk>""")


@pytest.mark.parametrize(("files", "open_there"), [([[7, 11]], True), ([[7, 12]], False), ([], False)])
def test_the_file_at_a_path_need_not_be_the_one_that_qemu_has_open(files: list[list[int]], open_there: bool) -> None:
    disk = DiskElement(DISK, Running(way(file=STAT, open_files=files)), cast(Any, None))
    assert disk.open_in_qemu is open_there
    assert not DiskElement(DISK, Running(way(open_files=files)), cast(Any, None)).open_in_qemu  # the path leads nowhere


NIC = parse("<interface type='network'><source network='office'/></interface>")


@pytest.mark.parametrize("starts", [True, False])
def test_the_bridge_that_a_stored_interface_will_be_on(starts: bool) -> None:
    """Its network's, as that is stored; and it is there after a boot only if the network starts by itself."""
    office = Mock()
    now, stored = ("<network><bridge name='br7'/></network>", "<network><bridge name='br0'/></network>")
    office.XMLDesc.side_effect = {0: now, 1: stored}.get
    office.isPersistent.return_value, office.autostart.return_value = True, starts
    connection = Mock()
    connection.networkLookupByName.return_value = office
    nic = InterfaceElement(NIC, Stored(DOMAIN), connection)
    assert (nic.bridge, nic.network_starts) == ("br0", starts)
    assert InterfaceElement(NIC, Running(way()), connection).bridge == "br7"
    office.isPersistent.return_value = False
    assert InterfaceElement(NIC, Stored(DOMAIN), connection).bridge is None


def test_where_a_disk_is_on_the_pci_bus() -> None:
    assert DiskElement(DISK, Running(way()), cast(Any, None)).pci == "0000:00:0a.1"
    ide = parse("<disk><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>")
    assert DiskElement(ide, Running(way()), cast(Any, None)).pci is None


@pytest.mark.parametrize(
    ("seen", "translated"),
    [(["10.0.0.1"], False), (["10.0.0.254", "10.0.0.1"], True), (["10.0.0.1", "10.0.0.254"], False), ([], False)],
)
def test_the_latest_ping_tells_whether_addresses_are_translated(seen: list[str], translated: bool) -> None:
    assert links.flow(way(flows=seen), ("10.0.0.1", "10.0.1.2"))["translated"] is translated


def test_the_state_of_a_bridges_port_and_all_addresses() -> None:
    port = {"linkinfo": {"info_slave_kind": "bridge", "info_slave_data": {"state": "listening"}}}
    assert links.port_state(port) == "listening" and links.port_state({"linkinfo": {}}) is None
    address = {"local": "fe80::1", "prefixlen": 64, "family": "inet6", "scope": "link"}
    said = links.link(way(links=[{"ifname": "virbr9", "addr_info": [address]}]), ("virbr9",))
    assert not isinstance(said, MissingObject)
    assert (said["addresses"], said["all_addresses"]) == ([], ["fe80::1/64"])


def test_pam_is_asked_who_may_come_in() -> None:
    assert system.login(way(admits=""), ("cockpit", "ops")) == {"admitted": True, "refusal": None}
    refused = {"admitted": False, "refusal": "Authentication failure"}
    assert system.login(way(admits="Authentication failure"), ("cockpit", "ops")) == refused
    assert isinstance(system.login(way(), ("cockpit", "ops")), MissingObject)
    first = system.login(way(admits="Authentication token is no longer valid; new one required"), ("cockpit", "ops"))
    assert not isinstance(first, MissingObject) and first["admitted"] is True  # asked for a new password, and let in


def test_a_unit_that_is_only_starting_is_on_its_way() -> None:
    from kvmlab.errors import CouldNotLook

    starting = {"ActiveState": "activating", "SubState": "start", "UnitFileState": "enabled"}
    with pytest.raises(CouldNotLook) as raised:
        system.service(way(services=starting), ("libvirtd",))
    assert raised.value.transient
    failing = system.service(way(services={**starting, "SubState": "auto-restart"}), ("libvirtd",))
    assert not isinstance(failing, MissingObject) and failing["active"] is False


DOMAIN = """<domain type='qemu'><name>web1</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
<memory unit='KiB'>163840</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/data.img'/>
<target dev='vdb' bus='virtio'/></disk></devices></domain>"""


class Stored(FiledDefinition):
    """What libvirt has stored."""

    def __init__(self, text: str) -> None:
        super().__init__(parse(text), way(), None)


@pytest.mark.parametrize(
    ("kept", "same"),
    [
        (DOMAIN, True),
        (DOMAIN.replace("<memory unit='KiB'>163840<", "<memory unit='MiB'>160<"), True),
        (DOMAIN.replace("163840", "131072"), False),
        (DOMAIN.replace("<vcpu>", "<on_reboot>restart</on_reboot><vcpu>"), True),
        (DOMAIN.replace("<vcpu>", "<on_reboot>destroy</on_reboot><vcpu>"), False),
        (DOMAIN.replace("<vcpu>", "<memtune><hard_limit>40960</hard_limit></memtune><vcpu>"), False),
        (DOMAIN.replace("</disk>", "<iotune><read_iops_sec>9</read_iops_sec></iotune></disk>"), False),
        (DOMAIN.replace("<vcpu>1<", "<vcpu>2<"), False),
        (DOMAIN.replace("data.img", "other.img"), False),
        (DOMAIN.replace(">web1<", ">web10<"), False),
        (DOMAIN.replace("</devices>", "<interface type='bridge'><source bridge='br0'/></interface></devices>"), False),
    ],
)
def test_a_definition_in_a_file_is_the_stored_one_or_not(kept: str, same: bool) -> None:
    root = filed(f"<!-- by virsh -->\n{kept}")
    assert root is not None
    definition = FiledDefinition(root, way(), Stored(DOMAIN))
    assert definition.as_stored is same
    assert definition.disks == ["vdb"]


TWO = DOMAIN.replace("</devices>", "<disk type='file'><source file='/srv/b.img'/><target dev='vdc'/></disk></devices>")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (TWO.replace("</os>", "<boot dev='cdrom'/><boot dev='hd'/></os>"), "/srv/data.img"),
        (TWO.replace("</os>", "<boot dev='cdrom'/></os>"), None),
        (TWO.replace("<target dev='vdc'/>", "<target dev='vdc'/><boot order='1'/>"), "/srv/b.img"),
        (TWO.replace("<target dev='vdc'/>", "<target dev='vdc'/><boot order='2'/>").replace(
            "<target dev='vdb' bus='virtio'/>", "<target dev='vdb' bus='virtio'/><boot order='1'/>"), "/srv/data.img"),
        (TWO.replace("</devices>", "<interface type='user'><boot order='1'/></interface></devices>"), None),
    ],
)  # fmt: skip
def test_the_disk_that_a_domain_boots_from(said: str, found: str | None) -> None:
    assert Stored(said).boot_disk == found


def test_what_holds_a_domain_back_is_listed() -> None:
    """The domain itself, a disk of it; what only says how it is built is no limit."""
    disk = "<iotune><read_iops_sec>9</read_iops_sec></iotune></disk>"
    held = DOMAIN.replace("<vcpu>", "<memtune><hard_limit>9</hard_limit></memtune><vcpu>").replace("</disk>", disk)
    assert Stored(held).limits == ["hard_limit 9", "disk vdb: read_iops_sec 9"]
    assert Stored(DOMAIN).limits == []


@pytest.mark.parametrize("text", ["", "no XML", DOMAIN + DOMAIN, f"<!DOCTYPE domain>{DOMAIN}", "<network/>"])
def test_a_file_with_something_else_in_it_is_no_definition(text: str) -> None:
    assert filed(text) is None


def test_cpus_are_listed_as_libvirt_lists_them() -> None:
    assert [system.cpu_list(cpus) for cpus in ([0], [3, 1, 2], [0, 1, 5], [])] == ["0", "1-3", "0-1,5", ""]


@pytest.mark.parametrize(
    ("text", "found"),
    [("thread=7\nthread=8\n", None), ("thread=8\nThread: 7", None), ("thread=8\nload=7\nthread = 8\n", "8")],
)
def test_two_answers_are_none(text: str, found: str | None) -> None:
    said = files.note(way(file={"text": text}), ("/root/notes", "thread"))
    assert (None if isinstance(said, MissingObject) else said["text"]) == found


def test_a_note_of_a_whole_number_is_shown_as_one() -> None:
    said = files.note(way(file={"text": "resident: 296\nload=1.5\n"}), ("/root/notes", "resident"))
    assert not isinstance(said, MissingObject) and repr(said["number"]) == "296"
