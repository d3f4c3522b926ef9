"""Facts about the next start, and for each the fact that shows, once that has happened, whether it came true.

The vocabulary's facts about the future ("stored", "autostart", fstab, "enabled") are read from what is stored. After a
rehearsal the same fact has the value of another one, its live counterpart: what a NIC *has* that was to be given an
address. A checker says nothing of this. What is not in a row is only ever stored (an fstab line's `source` as written).

Phases: BOOT, when the host has booted and nobody has done anything yet; START, when the guests have been started, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from kvmlab.checks.reader import Key

Found = Mapping[str, object]


class Phase(Enum):
    """When a counterpart is looked at."""

    BOOT = "boot"
    START = "start"


class LiveFact(NamedTuple):
    """Facts `names` of the object `kind` with the key that `key` makes; `value` makes the one fact of them.

    `absent`: where the object is missing, the value is None.
    """

    phase: Phase
    kind: str
    names: tuple[str, ...]
    key: Callable[[Key], Key]
    value: Callable[[Found, Key], object]
    absent: bool = False


def live_of(kind: str, key: Key, name: str) -> LiveFact | None:
    """The counterpart of a fact; `name` "exists": of the object as such. None: it is only ever stored."""
    if row := _ROWS.get((kind, name)):
        return row
    if len(key) > 1 and key[1] == "stored" and kind in _VIEWS and name not in _VIEWS[kind].not_live:
        names = () if name == "exists" else (name,)
        return LiveFact(Phase.START, kind, names, _VIEWS[kind].key, lambda found, _: found.get(name))
    return None


def started_for(kind: str, key: Key) -> tuple[str, str] | None:
    """What has to be started for this object to be looked at: ("domain", "web1"), ("network", "lab")."""
    if kind in ("network", "pool"):
        return kind, key[0]
    return ("domain", key[0]) if kind in _OF_DOMAINS or kind.startswith("guest-") else None


_OF_DOMAINS = ("domain", "interface", "disk", "console", "graphics")


class _View(NamedTuple):
    """Objects that have a stored view and a live one. `not_live`: facts that have no counterpart."""

    key: Callable[[Key], Key]
    not_live: tuple[str, ...] = ()


def _live(key: Key) -> Key:
    return (key[0], "live", *key[2:])


def _now(key: Key) -> Key:
    return (key[0], "now")


# A CPU mode "host-model" runs as "custom"; taps, terminals and ports are drawn at the start.
_VIEWS: Mapping[str, _View] = {
    "domain": _View(_live, ("cpu_mode",)),
    "interface": _View(_live, ("target", "sent_bytes", "sent_packets", "addresses")),
    "disk": _View(_live),
    "console": _View(_live, ("path", "output")),
    "graphics": _View(_live, ("port", "uri")),
    "network": _View(_now),
    "pool": _View(_now),
}


def _inside(*rest: str) -> Callable[[Key], Key]:
    """Something in the same guest."""
    return lambda key: (*key[:2], *rest)


def _same(key: Key) -> Key:
    return key


def _only(name: str) -> Callable[[Found, Key], object]:
    return lambda found, _: found.get(name)


def _method(found: Found, _: Key) -> object:
    if found.get("dynamic"):
        return "dhcp"
    return "static" if found.get("addresses") else None


def _first_address(found: Found, _: Key) -> object:
    addresses = found.get("addresses")
    return addresses[0] if isinstance(addresses, list) and addresses else None


def _through_it(found: Found, key: Key) -> object:
    return found.get("via") if found.get("dev") == key[2] else None


def _has_come_up(what: str) -> LiveFact:
    """Of one domain, network or pool."""
    return LiveFact(
        Phase.BOOT, "inventory", ("active",), lambda _: (what,), lambda found, key: key[0] in _list(found["active"])
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _of_the_link(name: str) -> LiveFact:
    """Of a network device of the host."""
    return LiveFact(Phase.BOOT, "link", (name,), _same, _only(name))


def _default_through_it(found: Found, key: Key) -> object:
    return found.get("via") if found.get("dev") == key[0] else None


_ROWS: Mapping[tuple[str, str], LiveFact] = {
    ("stored-link", "exists"): LiveFact(Phase.BOOT, "link", (), _same, _only("")),
    **{("stored-link", name): _of_the_link(name) for name in ("kind", "master", "addresses", "ports", "stp")},
    ("stored-link", "gateway"): LiveFact(
        Phase.BOOT, "route", ("via", "dev"), lambda _: ("default",), _default_through_it, absent=True
    ),
    ("domain", "autostart"): _has_come_up("domains"),
    ("network", "autostart"): _has_come_up("networks"),
    ("pool", "autostart"): _has_come_up("pools"),
    ("inventory", "autostart"): LiveFact(Phase.BOOT, "inventory", ("active",), _same, _only("active")),
    ("domain", "managed_save"): LiveFact(
        Phase.START, "domain", ("reason",), _now, lambda found, _: found.get("reason") == "restored"
    ),
    ("service", "enabled"): LiveFact(Phase.BOOT, "service", ("active",), _same, _only("active")),
    ("guest-service", "enabled"): LiveFact(Phase.START, "guest-service", ("active",), _same, _only("active")),
    ("guest-network", "exists"): LiveFact(Phase.START, "guest-address", (), _same, _only("")),
    ("guest-network", "method"): LiveFact(Phase.START, "guest-address", ("addresses", "dynamic"), _same, _method),
    ("guest-network", "address"): LiveFact(Phase.START, "guest-address", ("addresses",), _same, _first_address),
    ("guest-network", "gateway"): LiveFact(
        Phase.START, "guest-route", ("via", "dev"), _inside("default"), _through_it, absent=True
    ),
    ("guest-network", "dns"): LiveFact(Phase.START, "guest-resolver", ("servers",), _inside(), _only("servers")),
    ("guest-fstab", "exists"): LiveFact(Phase.START, "guest-mount", (), _same, _only("")),
    ("guest-fstab", "uuid"): LiveFact(Phase.START, "guest-mount", ("uuid",), _same, _only("uuid")),
    ("guest-fstab", "fstype"): LiveFact(Phase.START, "guest-mount", ("fstype",), _same, _only("fstype")),
}
