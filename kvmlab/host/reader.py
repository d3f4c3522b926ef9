"""The facts of a lab host and its guests, as the checks ask for them.

`HostReader` is the Reader of kvmlab.checks over a libvirt connection that may only read, the fact server of the
host, and the fact servers of the guests behind it. It opens each when it is first needed, or all at once and side by
side in `prefetch`. Rejected: reading everything beforehand, because what a check does not ask costs the student time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from shlex import quote
from typing import Any

from kvmlab.checks.reader import CAUSES, Answer, Key, MissingObject, Reading, Want
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.guest.guests import Guests
from kvmlab.host import files, links, lookup, system
from kvmlab.host.connection import Libvirt
from kvmlab.host.domain.definition import Definition
from kvmlab.host.domain.libvirt_domain import LibvirtDomain
from kvmlab.host.domain.next_start import shown_by
from kvmlab.host.networks import LibvirtNetwork
from kvmlab.host.start.comparison import StartComparison
from kvmlab.host.start.picture import Picture
from kvmlab.remote.deadline import later
from kvmlab.remote.host_connection import SLOW_S, HostConnection, NotThere
from kvmlab.safe_text import plain
from kvmlab.words import t


def _stored_link(way: HostConnection, key: tuple[str, ...]) -> links.Facts | MissingObject:
    from kvmlab.host.stored_links import stored_link  # late: few checks ask, and it has readers of its own

    return stored_link(way, key)


_LIBVIRT: Mapping[str, Callable[..., Any]] = {
    "domain": lookup.domain,
    "domain-file": lookup.domain_file,
    "interface": partial(lookup.device, kind="interface"),
    "disk": partial(lookup.device, kind="disk"),
    "console": lookup.console,
    "graphics": lookup.graphics,
    "network": lookup.network,
    "lease": lookup.lease,
    "pool": lookup.pool,
    "volume": lookup.volume,
    "snapshot": lookup.snapshot,
    "inventory": lookup.inventory,
}
_LOOK: Mapping[str, Callable[..., Any]] = {
    "link": links.link,
    "stored-link": _stored_link,
    "route": links.route,
    "name": links.name,
    "resolver": links.resolver,
    "reach": links.reach,
    "flow": links.flow,
    "listener": links.listener,
    "web": links.web,
    "file": files.file,
    "note": files.note,
    "package": system.package,
    "service": system.service,
    "process": system.process,
    "sysctl": system.sysctl,
    "module": system.module,
    "account": system.account,
    "login": system.login,
    "cpu": system.cpu,
    "image": files.image,
    "image-snapshot": files.image_snapshot,
}
# What only comes to be by other questions: asked in its turn, never beforehand.
_AFTERWARDS = ("flow",)
_WITH_NAMES = ("file",)
_REMEMBERED = ("start", "present", "remains")
# Facts of libvirt's objects that libvirt does not tell, or that take longer than libvirt may.
_FROM_LOOK = frozenset(("pid", "log", "backing", "output", "password", "listen", "open_in_qemu", "stats_period_s",
                        "firewall", "lost_addresses", "foreign_ports", "dnsmasq_runs", "qemu_stopped"))  # fmt: skip


class HostReader:
    """Reads facts of the host and its guests. Whatever happens, `read` answers or raises CouldNotLook."""

    def __init__(self, libvirt: Libvirt, way: HostConnection, guests: Guests, start: Picture | None = None) -> None:
        self.libvirt = libvirt
        self.way = way
        self.guests = guests
        self.remembering = StartComparison(start, libvirt, way)

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """The named facts of one object (kvmlab.checks.reader.Reader)."""
        try:
            answer = self._asked(kind, key, names)
            trouble = None
            with suppress(CouldNotLook):  # who can be asked no more about that leaves the fact as it is
                trouble = self._on_its_way(kind, key, answer)
            if trouble:
                raise trouble
            return answer
        except (CouldNotLook, AuthorError):
            raise
        except NotThere as error:
            raise CouldNotLook(t("The lab host says: {error}.", error=error), "kvmlab status") from None
        except Exception as error:  # one fact that surprises us must not end the check
            said = f"{type(error).__name__}: {error}"
            raise CouldNotLook(t("This fact could not be read; that is a bug of ours. {said}", said=said)) from error

    def _asked(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        if kind in _REMEMBERED:
            return self.remembering.read(kind, key)
        return self._told(kind, key, names) if kind in _LIBVIRT else _both(self._seen(kind, key, names), names)[1]

    def _on_its_way(self, kind: str, key: Key, answer: Answer) -> CouldNotLook | None:
        """Not None where the answer is no, and will be yes by itself in a moment."""
        if kind == "lease" and isinstance(answer, MissingObject):
            return self.guests.no_lease_for(key[1])
        if isinstance(answer, MissingObject):
            return None
        if kind in ("reach", "guest-reach") and _is(answer, "answers", False):
            return self.guests.no_answer(key[1] if kind == "reach" else key[2])
        if kind == "interface" and key[1] != "stored" and _is(answer, "addresses", []):
            return self.guests.no_lease(key[0])
        if kind == "present" and key[:1] == ("domain",) and _balloon_not_blown_up(answer):
            return self.guests.booting(key[1])
        return None

    def way_in(self, guest: str, address: str) -> str:
        """How a student gets into a guest from the lab host (kvmlab.checks.reader.Reader)."""
        return f"ssh {quote(plain(self.guests.way_in(guest, address)))}"

    def _told(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """From libvirt. What the fact server must be asked for comes after, and may take longer than libvirt may."""
        quick = [name for name in names if name not in _FROM_LOOK]
        found, facts = self.libvirt.ask(lambda connection: _both(_LIBVIRT[kind](connection, key, self.way), quick))
        if isinstance(facts, MissingObject):
            return facts
        if slow := [name for name in names if name in _FROM_LOOK]:
            facts = {**facts, **self.libvirt.ask(lambda _: _read(found, slow), SLOW_S)}
        if isinstance(found, LibvirtNetwork) or (isinstance(found, LibvirtDomain) and "state" in names):
            with suppress(CouldNotLook, NotThere):  # as for what is on its way
                gone = self.libvirt.ask(lambda _: found.taken_apart(), SLOW_S)
                facts = {**facts, CAUSES: Reading([*getattr(found, "causes", ()), *gone])} if gone else facts
        return facts

    def _seen(self, kind: str, key: Key, names: Sequence[str]) -> Any:
        if kind.startswith("guest"):
            return self.guests.read(kind, key, names)
        work = _LOOK[kind]
        return work(self.way, key, names) if kind in _WITH_NAMES else work(self.way, key)

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Begin, side by side, everything that `wants` will need; never raises."""
        kinds = {want.kind for want in wants}
        if kinds & _LIBVIRT.keys():
            self.libvirt.start()
        if kinds - _LIBVIRT.keys():
            self.way.start()
        if kinds & set(_REMEMBERED):
            self.remembering.begin()
        for want in wants:
            if want.kind in _LOOK and want.kind not in _AFTERWARDS:  # its answers stay with the way
                later(partial(self._seen, want.kind, want.key, want.names), "ask")
        self.guests.prefetch([want for want in wants if want.kind.startswith("guest")])

    def refresh(self) -> None:
        """A new pass begins: forget what was read, and connect again where a connection has gone."""
        self.libvirt.refresh()
        self.way.refresh()
        self.guests.refresh()
        self.remembering.refresh()

    def close(self) -> None:
        """Let every connection go, without waiting for anyone."""
        self.guests.close()
        self.way.close()
        self.libvirt.close()


def _balloon_not_blown_up(answer: Mapping[str, Reading]) -> bool:
    """The guest has all the memory there is, though it is to have less: its driver is not there yet."""
    live, stored = (str(found.value) if (found := answer.get(f"{view} memory")) else "" for view in ("live", "stored"))
    now, _, most = live.partition(" / ")
    return f"{now} MiB" == most and stored != live and stored.endswith(f" / {most}")


def _is(answer: Mapping[str, Reading], name: str, value: object) -> bool:
    return name in answer and answer[name].value == value


def _both(found: Any, names: Sequence[str]) -> tuple[Any, Answer]:
    """The object and its facts, with what decides about it beside them."""
    facts = _facts(found, names)
    causes = getattr(found, "causes", ())
    return found, {**facts, CAUSES: Reading(causes)} if causes and not isinstance(facts, MissingObject) else facts


def _facts(found: Any, names: Sequence[str]) -> Answer:
    if isinstance(found, MissingObject):
        return found
    if isinstance(found, Mapping):
        asked = [*names, CAUSES] if CAUSES in found else names
        return {name: found[name] if isinstance(found[name], Reading) else Reading(found[name]) for name in asked}
    return _read(found, names)


def _read(found: object, names: Sequence[str]) -> dict[str, Reading]:
    definition = getattr(found, "definition", found)
    see = shown_by(definition.domain.name()) if isinstance(definition, Definition) and definition.saved else ""
    return {name: Reading(getattr(found, name), see) for name in names}
