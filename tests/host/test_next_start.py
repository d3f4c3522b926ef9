"""What decides about a domain's next start beside its stored definition, and is told without being asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import libvirt
import pytest

from kvmlab.checks.vocabulary.domain import domain
from kvmlab.errors import CouldNotLook
from kvmlab.host.reader import HostReader
from tests.host.test_libvirt import Direct, reader_over

NODE = f"test://{Path(__file__).parent}/node.xml"


class Saved:
    """web1 of libvirt's test driver with a managed save image of its own: that driver reads none."""

    def __init__(self, domain: libvirt.virDomain, xml: str | None) -> None:
        self._domain, self._xml = domain, xml

    def __getattr__(self, name: str) -> object:
        return getattr(self._domain, name)

    def hasManagedSaveImage(self) -> int:
        return 1

    def managedSaveGetXMLDesc(self) -> str:
        if self._xml is None:
            raise libvirt.libvirtError("the file is cut short")
        return self._xml


class Connection:
    """A connection whose web1 has been saved like that."""

    def __init__(self, connection: libvirt.virConnect, xml: str | None) -> None:
        self._connection, self._xml = connection, xml

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def lookupByName(self, name: str) -> Saved:
        return Saved(self._connection.lookupByName(name), self._xml)


@pytest.fixture
def writable() -> libvirt.virConnect:
    """The test host, with web1 shut off."""
    libvirt.registerErrorHandler(lambda *_: None, None)
    connection = libvirt.open(NODE)
    connection.lookupByName("web1").destroy()
    return connection


def stored(connection: libvirt.virConnect) -> str:
    return str(connection.lookupByName("web1").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def over(connection: libvirt.virConnect, tmp_path: Path) -> HostReader:
    return reader_over(Direct(connection), tmp_path)


def test_a_managed_save_image_is_what_the_next_start_takes(writable: libvirt.virConnect, tmp_path: Path) -> None:
    old = stored(writable)
    writable.lookupByName("web1").setVcpusFlags(3, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    found = domain(over(Connection(writable, old), tmp_path), "web1").stored.shows(vcpus=3, max_vcpus=4)
    assert [(row.name, row.found, row.met) for row in found.facts] == [
        ("vcpus", "1", False), ("max_vcpus", "4", True), ("managed_save", "yes", False),
    ]  # fmt: skip
    assert [row.see for row in found.facts] == [
        "virsh managedsave-dumpxml web1", "virsh managedsave-dumpxml web1", "virsh managedsave-remove web1",
    ]  # fmt: skip


def test_one_with_what_is_wanted_is_as_good_as_any_definition(writable: libvirt.virConnect, tmp_path: Path) -> None:
    assert domain(over(Connection(writable, stored(writable)), tmp_path), "web1").stored.shows(vcpus=1).met


def test_a_disk_that_only_the_image_lacks(writable: libvirt.virConnect, tmp_path: Path) -> None:
    bare = stored(writable).replace("/guests/web1.qcow2", "/guests/old.qcow2")
    disk = domain(over(Connection(writable, bare), tmp_path), "web1").stored.disk(source="/guests/web1.qcow2")
    found = disk.shows(target="vda")
    assert str(found.missing).startswith("no such disk")
    assert found.facts[0].see == "virsh managedsave-dumpxml web1"
    assert found.facts[-1].see == "virsh managedsave-remove web1"
    assert disk.missing().met  # and that it be gone is fulfilled


def test_an_image_that_cannot_be_read_is_no_answer(writable: libvirt.virConnect, tmp_path: Path) -> None:
    with pytest.raises(CouldNotLook, match="web1") as trouble:
        over(Connection(writable, None), tmp_path).read("domain", ("web1", "stored"), ["vcpus"])
    assert trouble.value.todo == "virsh managedsave-remove web1"


def test_a_file_that_two_disks_want(writable: libvirt.virConnect, tmp_path: Path) -> None:
    again = "<disk type='file' device='disk'><source file='/guests/web1.qcow2'/><target dev='vdx' bus='virtio'/></disk>"
    reader = over(writable, tmp_path)
    writable.defineXML(stored(writable).replace("</devices>", again + "</devices>"))
    for found in (
        domain(reader, "web1").stored.shows(vcpus=1),
        domain(reader, "web1").stored.disk(target="vda").shows(format="qcow2"),
        domain(reader, "web1").stored.disk(source="/guests/gone.qcow2").missing(),
    ):
        assert not found.met
        assert found.facts[-1][:4] == ("disks_on_the_same_file", "none", "vda, vdx", False)
    shared = stored(writable).replace("file='/guests/web1.qcow2'/>", "file='/guests/web1.qcow2'/><shareable/>")
    writable.defineXML(shared)
    assert domain(reader, "web1").stored.shows(vcpus=1).met


def test_a_card_whose_link_is_down_is_plugged_in_nowhere(writable: libvirt.virConnect, tmp_path: Path) -> None:
    stored_domain = domain(over(writable, tmp_path), "web1").stored
    found = stored_domain.interface(source="br0").shows(type="bridge")
    assert [row[:4] for row in found.facts] == [("type", "bridge", "bridge", True), ("link_state", "up", "down", False)]
    assert found.facts[-1].see == "virsh domif-getlink --config web1 52:54:00:aa:bb:02"
    assert stored_domain.interface(source="br0").shows(link_state="down").met  # unless that is what is asked for
    assert stored_domain.interface(source="default").shows(type="network").met


@pytest.mark.parametrize(("orders", "boot"), [
    ({"disk": 2, "cdrom": 1}, ["cdrom", "hd"]), ({"disk": 1, "cdrom": 2, "interface": 3}, ["hd", "cdrom", "network"]),
    ({}, ["hd", "cdrom"]),
])  # fmt: skip
def test_the_devices_own_places_are_the_boot_order(
    writable: libvirt.virConnect, tmp_path: Path, orders: dict[str, int], boot: list[str]
) -> None:
    places = {"disk": "<target dev='vda' bus='virtio'/>", "cdrom": "<target dev='sda' bus='sata'/>",
              "interface": "<source network='default'/>"}  # fmt: skip
    xml = stored(writable)
    if orders:
        xml = xml.replace("<boot dev='hd'/>", "").replace("<boot dev='cdrom'/>", "")
    for name, place in orders.items():
        assert places[name] in xml
        xml = xml.replace(places[name], f"{places[name]}<boot order='{place}'/>")
    writable.defineXML(xml)
    answer = over(writable, tmp_path).read("domain", ("web1", "stored"), ["boot"])
    assert isinstance(answer, Mapping) and answer["boot"].value == boot
