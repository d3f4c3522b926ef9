"""What there was at the start and is said to be gone: whether it goes on under another name.

A domain is known again by its UUID, its NICs' MAC addresses and the files of its disks, a network by its UUID, its
bridge and the host's addresses in it, a pool by its UUID and directory, a file by what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kvmlab.host.start.picture import Picture
from kvmlab.host.xml import parse
from kvmlab.remote.host_connection import HostConnection

_SECTIONS = {"domain": "domains", "network": "networks", "pool": "pools"}
_VIEWS = ("stored", "live", "XML")
_MARKS: Mapping[str, Mapping[str, str | None]] = {  # by path of an element: the attribute that tells, or its text
    "domain": {"uuid": None, "devices/interface/mac": "address", "devices/disk/source": "file"},
    "network": {"uuid": None, "bridge": "name", "ip": "address"},
    "pool": {"uuid": None, "target/path": None},
}


def remains(start: Picture, now: Picture, noun: str, name: str) -> list[str]:
    """The names of domains, networks or pools now that have something by which this one of the start is known."""
    before = _marked(start, noun)
    own = before.get(name, set())
    found = _marked(now, noun)
    return sorted(other for other, marks in found.items() if other != name and own & (marks - before.get(other, set())))


def copies(start: Picture, path: str, way: HostConnection) -> list[str]:
    """Where else there is a file now with the content that this one had at the start. May raise CouldNotLook."""
    was = start["files"][path]
    question = {"path": path, "size": was["size"], "sum": was["sum"], "salt": start["salt"]}
    return [str(one) for one in way.ask("copies", **question)]


def _marked(picture: Picture, noun: str) -> dict[str, set[str]]:
    section: Mapping[str, Mapping[str, Any]] = picture[_SECTIONS[noun]] or {}
    return {name: set(_marks(one, noun)) for name, one in section.items()}


def _marks(one: Mapping[str, Any], noun: str) -> Iterator[str]:
    for root in (parse(xml) for view in _VIEWS if (xml := one.get(view))):
        for path, attribute in _MARKS[noun].items():
            said = (found.get(attribute) if attribute else found.text for found in root.findall(path))
            yield from (f"{path} {value.strip().lower()}" for value in said if value)
