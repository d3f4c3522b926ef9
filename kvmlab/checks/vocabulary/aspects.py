"""Which aspects of a remembered start each fact of the vocabulary is about.

A fact says one thing ("memory_mib"); an aspect is a part of an object that can be as it was or not ("stored memory").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kvmlab.checks.reader import Key

INSIDE = "inside"
"""Of a domain: what is in the guest. No aspect of its own, but its disks' contents come with it."""

GONE = "gone"
"""Of a domain: that it is not there any more. Its definition and its snapshots go with it, what is on its disks not."""

_DOMAIN = {
    "state": ("state", "process", "boots"), "reason": ("process", "boots"), "log": ("process", "boots"),
    "persistent": ("persistent", "stored"), "autostart": ("autostart",), "managed_save": ("managed save",),
    "snapshots": ("snapshots",), "memory_mib": ("memory",), "max_memory_mib": ("memory",),
    "balloon_mib": ("live memory",), "boot_disk": ("boot", "disk"), "limits": ("tuning",),
    "hard_limit_mib": ("tuning",), "qemu_stopped": ("state",),
    "vcpus": ("vcpus",), "max_vcpus": ("vcpus",), "vcpu_pins": ("pins",),
    "cpu_topology": ("cpu",), "cpu_mode": ("cpu",), "cpu_model": ("cpu",), "boot": ("boot",), "machine": ("boot",),
    "features": ("boot",), "mergeable": ("merging",), "disks": ("disk",), "interfaces": ("interface",),
    "memballoon": ("balloon",), "stats_period_s": ("balloon",), "agent_channel": ("devices",), "agent": ("devices",),
    "title": ("title",), "description": ("title",), "uuid": ("uuid",), "changed": ("live", "stored"),
}  # fmt: skip
_ITS_OWN = frozenset(("state", "process", "boots", "persistent", "autostart", "managed save", "snapshots", "active"))
_NETWORK = {"active": ("active",), "persistent": ("persistent", "stored"), "autostart": ("autostart",),
            "leases": (), "domains": ()}  # fmt: skip
_POOL = {"active": ("active",), "persistent": ("persistent", "stored"), "autostart": ("autostart",),
         "type": ("target",), "target": ("target",)}  # fmt: skip
_LINK = {"master": ("master",), "addresses": ("addresses",), "state": ("up",), "up": ("up",), "mac": ("mac",),
         "stp": ("stp",), "forward_delay_s": ("stp",), "kind": ("kind", "stp")}  # fmt: skip


ASPECT_WORDS = frozenset((
    "stored", "live", "disk", "interface", "memory", "vcpus", "pins", "balloon", "devices", "cpu", "boot", "merging",
    "title", "ends", "uuid", "state", "process", "boots", "persistent", "autostart", "managed", "save", "snapshots",
    "active", "definition", "bridge", "up", "target", "kind", "entries", "image", "content", "master", "addresses",
    "stp", "mac", "way", "rules", "created", "parent", "inode", "firewall", "mounted", "tuning", "qemu",
    "dnsmasq", "ports", "starts",
))  # fmt: skip
"""The words that aspects' names are made of, but for targets and MAC addresses (kvmlab.host.start.aspects)."""


_COUNTED = frozenset(("sent_bytes", "sent_packets", "addresses", "target", "allocation_mib"))


class Grant(NamedTuple):
    """Aspects of an object, those with these words side by side; "": all of it. Names of several parts have "/".

    `of`: of these aspects only those whose value has this in it, as a disk's has its path (kvmlab.host.start.aspects);
    "#N": only the one of this number in its view, from 0.
    """

    noun: str
    name: str
    words: str = ""
    of: str = ""

    def covers(self, noun: str, key: Key, aspect: str) -> bool:
        """Whether it is about this aspect of this object."""
        if (noun, "/".join(key)) != (self.noun, self.name):
            return False
        have, mine = aspect.split(), self.words.split()
        return any(have[start : start + len(mine)] == mine for start in range(len(have) - len(mine) + 1))

    def is_of(self, aspect: str, start: Mapping[str, object], now: Mapping[str, object]) -> bool:
        """Of aspects that are each of one device: whether this one was `of` at the start, or is new and that now."""
        if not self.of.startswith("#"):
            return f" {self.of} " in f" {start.get(aspect) or now.get(aspect)} "
        number, alike = int(self.of[1:]), f"{aspect.rpartition(' ')[0]} "
        numbered = ([name for name in one if name.startswith(alike)] for one in (start, now))
        return any(aspect in names[number : number + 1] for names in numbered)


def grants(kind: str, key: Key, names: Sequence[str]) -> Iterator[Grant]:
    """What these facts of an object (as a reader is asked for them) are about; none: all of it."""
    if kind == "domain":
        yield from _of_view("domain", key, names, _DOMAIN)
    elif kind in ("interface", "disk") and names and set(names) <= _COUNTED:
        yield Grant("domain", key[0], INSIDE)  # what the guest does with it, not what it is
    elif kind in ("interface", "disk"):
        one = f" {key[3].lower()}" if key[2] in ("mac", "target") else ""
        which = key[3] if (kind, key[2]) == ("disk", "source") else f"#{key[3]}" if key[2] == "index" else ""
        yield Grant("domain", key[0], _view(key[1], f"{kind}{one}"), which)
    elif kind in ("console", "graphics"):
        yield Grant("domain", key[0], _view(key[1], "devices"))
    elif kind == "snapshot":
        yield from (Grant("domain", key[0], "snapshots"), Grant("snapshot", "/".join(key)))
    elif kind.startswith("guest"):
        yield Grant("domain", key[0], INSIDE)
    elif kind == "network":
        yield from _of_view("network", key, names, _NETWORK, "definition", "bridge")
    elif kind == "pool":
        yield from _of_view("pool", key, names, _POOL)
        yield from [Grant("pool", key[0], "entries")] if {"volumes", "target"} & set(names) else ()
    elif kind == "volume":
        yield Grant("volume", "/".join(key))
    elif kind in ("image", "image-snapshot", "file", "note"):
        yield Grant("file", key[0])
    elif kind == "link":
        yield from (Grant("link", key[0], aspect) for name in names for aspect in _LINK.get(name, ()))
        yield from () if names else (Grant("link", key[0]),)
    elif kind == "service":
        yield Grant("service", key[0].partition(".")[0])
    elif kind == "route":
        yield Grant("route", key[0])


def _of_view(
    noun: str, key: Key, names: Sequence[str], table: dict[str, tuple[str, ...]], *otherwise: str
) -> Iterator[Grant]:
    """Of a domain, network or pool; no facts: that it is there at all."""
    if not names:
        yield Grant(noun, key[0])
    for name in names:
        for aspect in table.get(name, otherwise):
            whole = aspect in _ITS_OWN or aspect.split()[0] in ("stored", "live", "bridge")
            yield Grant(noun, key[0], aspect if whole else _view(key[1], aspect))


def _view(view: str, aspect: str) -> str:
    return aspect if view == "now" else f"{view} {aspect}"
