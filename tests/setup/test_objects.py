"""What a lab starts with is the same at every start."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from unittest.mock import Mock

from kvmlab.course import StartObject
from kvmlab.setup.objects import bring_up_objects, with_uuid

POOL = "<pool type='dir'><name>p</name><target><path>/srv/p</path></target></pool>"


def uuid_of(xml: str) -> str | None:
    return ET.fromstring(xml).findtext("uuid")


def test_an_object_without_a_uuid_gets_the_same_at_every_start() -> None:
    assert uuid_of(with_uuid(POOL, "a-b")) == uuid_of(with_uuid(POOL, "a-b"))
    assert uuid_of(with_uuid(POOL, "a-b")) != uuid_of(with_uuid(POOL, "a-c"))
    assert uuid_of(with_uuid(POOL, "a-b")) != uuid_of(with_uuid(POOL.replace(">p<", ">q<"), "a-b"))


def test_one_that_has_a_uuid_keeps_it() -> None:
    own = POOL.replace("<name>", "<uuid>11111111-2222-4333-8444-555555555555</uuid><name>")
    assert uuid_of(with_uuid(own, "a-b")) == "11111111-2222-4333-8444-555555555555"


def calls_for(item: StartObject) -> list[str]:
    """What is asked of libvirt's pool for `item`."""
    connection = Mock()
    bring_up_objects(connection, Mock(id="a-b", networks=(), pools=(item,), domains=()))
    return [call[0] for call in connection.storagePoolDefineXML.return_value.method_calls]


def test_the_directory_of_an_active_pool_is_made() -> None:
    assert calls_for(StartObject("p", POOL, "pool.xml.j2")) == ["build", "create"]


def test_an_inactive_pool_may_lack_its_directory() -> None:
    assert calls_for(StartObject("p", POOL, "pool.xml.j2", active=False, autostart=True)) == ["setAutostart"]


def test_a_pool_that_is_no_directory_is_not_built() -> None:
    group = POOL.replace("'dir'", "'logical'")
    assert calls_for(StartObject("p", group, "pool.xml.j2")) == ["create"]
