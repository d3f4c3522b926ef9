"""What a lab starts with is the same at every start."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from kvmlab.environment.objects import with_uuid

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
