"""What there is on a lab host, to be compared: after `reset` with the start, and (`kvmlab diff`) now with the start.

An inventory is a flat table, name to text: "domain web1: state" to "running", "link br0" to its facts,
"file /etc/libvirt/qemu.conf" to mode, owner and digest. What differs between two equal starts is not in it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kvmlab.errors import CannotRun
from kvmlab.host.links import addresses_of
from kvmlab.host.start.aspects import users_of
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.host.start.picture import Picture

Inventory = Mapping[str, str]

_PASSING = re.compile(
    r"/etc/libvirt/nwfilter/|/var/lib/libvirt/qemu/(domain-|channel/|ram/|nvram/|dump/|checkpoint/|snapshot/?$)|\.pid$|\.sock$"
)
_DRAWN = tuple((re.compile(pattern, re.DOTALL), instead) for pattern, instead in (
    (r"(<domain [^>]*?) id='\d+'", r"\1"),
    (r"/dev/pts/\d+| (tty|connections|portid)='[^']*'", ""),
    (r"\s*<seclabel.*?(</seclabel>|/>)", ""),
    (r"(domain-|channel/)\d+-", r"\1"),
    (r" state='(dis)?connected'", ""),
    (r"\s*<target dev='vnet\d+'/>", ""),
    (r"\s*<(allocation|available|capacity)[^\n]*", ""),
))  # fmt: skip
"""What is drawn anew at each start, or moves by itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not the same: its text before and now, None where there was or is none."""

    name: str
    before: str | None
    now: str | None

    def text(self) -> str:
        """In one line: "domain web1: state: running, now shut off"; of long texts the first line that differs."""
        if self.before is None:
            return t("{name}: was not there before", name=self.name)
        if self.now is None:
            return t("{name}: is gone", name=self.name)
        before, now = _first_difference(self.before, self.now)
        return t("{name}: {before}, now {now}", name=self.name, before=before, now=now)


def inventory_of(picture: Picture) -> Inventory:
    """What two equal starts have in common."""
    parts = (_domains, _networks, _pools, _links, _routes, _firewall, _files, _system)
    return {name: text for part in parts for name, text in part(picture)}


def changes(start: Picture, now: Picture) -> list[Difference]:
    """Every entry that is not the same in both, by name; of large files also that somebody has written to them."""
    written = {f"content of {path}": text for path, text in _contents(now, start)}
    before = {f"content of {path}": text for path, text in _contents(start, start)}
    same_files = written.keys() & before.keys()
    found = differences(inventory_of(start), inventory_of(now))
    contents = differences({name: before[name] for name in same_files}, {name: written[name] for name in same_files})
    return sorted([*found, *contents], key=lambda one: one.name)


def not_told(stderr: str) -> CannotRun:
    """The error where a program on the lab host did not answer as it should: its last words."""
    said = (stderr.strip().splitlines() or ["?"])[-1][:300]
    return CannotRun(t("The state of the lab host could not be read: {said}", said=said), "kvmlab doctor")


def differences(before: Inventory, now: Inventory) -> list[Difference]:
    """Every entry that is not the same in both, by name."""
    names = sorted(before.keys() | now.keys())
    return [Difference(name, before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)]


def _first_difference(before: str, now: str) -> tuple[str, str]:
    left, right = before.splitlines(), now.splitlines()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            return tuple(" ".join(" ".join(part).split())[:160] or "-" for part in (left[a:b], right[c:d]))  # type: ignore[return-value]
    return before[:160], now[:160]


# the parts of an inventory

Entries = Iterator[tuple[str, str]]


def _domains(picture: Picture) -> Entries:
    for name, one in (picture["domains"] or {}).items():
        for field in ("state", "persistent", "autostart", "managed save"):
            yield f"domain {name}: {field}", _word(one[field])
        for view in ("stored", "live"):
            if one[view]:
                yield f"domain {name}: {view}", _steady(one[view])
        for snapshot, made in one["snapshots"].items():
            yield f"snapshot {snapshot} of {name}", " ".join(made.get(part, "-") for part in ("state", "parent"))


def _networks(picture: Picture) -> Entries:
    for name, one in (picture["networks"] or {}).items():
        for field in ("active", "persistent", "autostart"):
            yield f"network {name}: {field}", _word(one[field])
        for view in ("stored", "live"):
            if one[view]:
                yield f"network {name}: {view}", _steady(one[view])


def _pools(picture: Picture) -> Entries:
    for name, one in (picture["pools"] or {}).items():
        for field in ("active", "persistent", "autostart"):
            yield f"pool {name}: {field}", _word(one[field])
        yield f"pool {name}: XML", _steady(one["XML"])
        for volume in one["volumes"]:
            yield f"volume {volume} in {name}", "there"


def _links(picture: Picture) -> Entries:
    for link in picture["links"]:
        info = link.get("linkinfo") or {}
        data = info.get("info_data") or {}
        facts = [info.get("info_kind", "device"), "up" if "UP" in link.get("flags", ()) else "down"]
        facts += [link.get("address", ""), *sorted(addresses_of(link))]
        facts += [f"master {link['master']}"] if "master" in link else []
        facts += [f"stp {data['stp_state']}"] if "stp_state" in data else []
        # Guests come up side by side; which of them gets vnet0 is drawn, its tap's MAC is made from its own.
        name = re.sub(r"^vnet\d+$", f"vnet of {link.get('address')}", str(link.get("ifname")))
        yield f"link {name}", " ".join(facts)


def _routes(picture: Picture) -> Entries:
    """Routes without the flag "linkdown": a bridge without a guest loses its carrier some seconds after it came up."""
    for route in picture["routes"]:
        parts = [f"via {route['gateway']}" if "gateway" in route else "", f"dev {route.get('dev')}"]
        yield f"route {route.get('dst')} {route.get('type', '')}".strip(), " ".join(part for part in parts if part)


def _firewall(picture: Picture) -> Entries:
    yield "firewall rules", "\n".join(picture.get("firewall", ()))


def _files(picture: Picture) -> Entries:
    disks = users_of(picture)
    for path, one in picture["files"].items():
        if _PASSING.search(path):
            continue
        words = [f"{one['mode']:o}", str(one["uid"]), str(one["gid"]), one["kind"], one.get("target", "")]
        if path in disks or one.get("sampled"):  # a guest's disk moves by itself
            words += [str(word) for word in one.get("qcow2", ())]
        elif one["kind"] == "file":
            words.append(one.get("sum", "")[:16])
        yield f"file {path}", " ".join(word for word in words if word)


def _system(picture: Picture) -> Entries:
    for unit, state in picture.get("at boot", {}).items():
        yield f"unit {unit}: at boot", state
    for unit, state in picture.get("units", {}).items():
        yield f"unit {unit}", state
    if "packages" in picture:
        yield "packages", "\n".join(picture["packages"])


def _contents(picture: Picture, start: Picture) -> Entries:
    """The signatures of large files that no guest had open at the start."""
    running = {name for name, one in (start["domains"] or {}).items() if one["live"]}
    users = users_of(start)
    for path, one in picture["files"].items():
        if one.get("sampled") and not running & set(users.get(path, ())):
            yield path, f"{one.get('sum', '')[:16]} {one['mtime']}"


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _steady(xml: str) -> str:
    """A definition without what is drawn anew at each start."""
    for pattern, instead in _DRAWN:
        xml = pattern.sub(instead, xml)
    return xml
