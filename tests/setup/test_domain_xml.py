"""A guest as a domain: what it has now, and what it may be given while it runs."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from kvmlab.course import GuestSpec
from kvmlab.setup.domain_xml import domain_xml

WEB1 = GuestSpec("web1", "52:54:00:00:00:01", memory_mib=128, vcpus=2)


def said(guest: GuestSpec) -> tuple[str | None, str | None, str | None, str | None]:
    root = ET.fromstring(domain_xml(guest, "qemu"))
    vcpu = root.find("vcpu")
    assert vcpu is not None
    return root.findtext("memory"), root.findtext("currentMemory"), vcpu.text, vcpu.get("current")


def test_a_guest_starts_with_all_it_has_unless_the_lab_says_otherwise() -> None:
    assert said(WEB1) == ("128", None, "2", None)
    assert domain_xml(WEB1._replace(max_vcpus=2, max_memory_mib=128), "qemu") == domain_xml(WEB1, "qemu")


def test_more_than_it_starts_with() -> None:
    assert said(WEB1._replace(max_vcpus=4, max_memory_mib=256)) == ("256", "128", "4", "2")


def test_emulated_devices_on_request() -> None:
    old = ET.fromstring(domain_xml(WEB1._replace(nic_model="e1000", disk_bus="ide"), "qemu", seed=True))
    targets = [target.attrib for target in old.findall("devices/disk/target")]
    assert targets == [{"dev": "hda", "bus": "ide"}, {"dev": "hdb", "bus": "ide"}]
    assert [model.get("type") for model in old.findall("devices/interface/model")] == ["e1000"]


def test_a_name_is_text_and_nothing_to_fill_in() -> None:
    root = ET.fromstring(domain_xml(WEB1._replace(name="$memory ${mac} $CDROM", network="<&\"'>"), "qemu"))
    assert root.findtext("name") == "$memory ${mac} $CDROM"
    assert [source.get("network") for source in root.findall("devices/interface/source")] == ["<&\"'>"]
