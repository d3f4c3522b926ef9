"""The guests of a host, each entered once and then asked; those that cannot be entered, with the reason why."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from kvmlab.checks.reader import Key, MissingObject, Want
from kvmlab.errors import CouldNotLook
from kvmlab.guest import reader, transients
from kvmlab.guest.agent import by_agent
from kvmlab.guest.connection import GuestConnection, cannot_ask
from kvmlab.guest.diagnose import BOOT_S, diagnose
from kvmlab.guest.search import Search
from kvmlab.guest.surroundings import DomainSeen, Surroundings
from kvmlab.remote.deadline import Later, TooLate, later
from kvmlab.words import t

TIMEOUT_S = 5.0


class Guests:
    """Reads facts in guests. `addresses`: where the lab's guests are at its start, by name."""

    def __init__(
        self, surroundings: Surroundings, key: Path, addresses: Mapping[str, str] | None = None,
        *, patience: float = 1.0,
    ) -> None:  # fmt: skip
        self._surroundings = surroundings
        self._key = key
        self._addresses = dict(addresses or {})
        self._patience = patience
        self._known_at: set[tuple[str, str]] = set()  # guests and where checks look for them
        self._entered: dict[str, Later[GuestConnection]] = {}
        self._lock = threading.Lock()

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Mapping[str, object] | MissingObject:
        """The facts of one object in a guest. Raises CouldNotLook, with the reason where the guest is not reached."""
        return reader.read(self._inside(key[0], key[1], reader.sections(kind, names)), kind, key, names)

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Begin to enter every guest of `wants`, and to ask it what they need."""
        self._known_at.update((want.key[0], want.key[1]) for want in wants if want.key[1])
        for name in dict.fromkeys(want.key[0] for want in wants):
            own = [want for want in wants if want.key[0] == name]
            address = next((want.key[1] for want in own if want.key[1]), "")
            needed = [section for want in own for section in reader.sections(want.kind, want.names)]
            self._enter(name, address, needed, own)

    def way_in(self, name: str, address: str) -> str:
        """Where a student gets into a guest from the lab host: where it was entered, else where it is looked for."""
        entered = self._entered.get(name)
        inside = _there(entered) if entered else None
        if inside is None:
            return address or name
        return name if "%" in inside.address else inside.address or address or name

    def no_answer(self, to: str) -> CouldNotLook | None:
        """The error to raise where an address is silent because its guest is still coming up; else None."""
        return self._on_its_way(self._at(to))

    def booting(self, name: str) -> CouldNotLook | None:
        """The same where a domain's guest has only just been started, whatever is asked of it."""
        domain = self._surroundings.domain(name)
        return transients.booting(domain, self._surroundings, BOOT_S * self._patience) if domain else None

    def no_lease(self, name: str) -> CouldNotLook | None:
        """The same where a domain has no lease."""
        return self._unleased(self._surroundings.domain(name))

    def no_lease_for(self, mac: str) -> CouldNotLook | None:
        """The same where an interface has no lease."""
        return self._unleased(transients.owner_of(mac, self._all()))

    def _unleased(self, domain: DomainSeen | None) -> CouldNotLook | None:
        if domain is None:
            return None
        lease_s = transients.LEASE_S * self._patience
        return self._on_its_way(domain) or transients.changed_lately(domain, self._surroundings, lease_s)

    def _on_its_way(self, domain: DomainSeen | None) -> CouldNotLook | None:
        return transients.answer_of(domain, self._surroundings, BOOT_S * self._patience) if domain else None

    def _at(self, address: str) -> DomainSeen | None:
        """The domain that is at an address: by what the checks say of it, by the lab's start, or by its lease."""
        named = [name for name, known in self._known_at if known == address]
        named += [name for name, known in self._addresses.items() if known == address]
        for name in named:
            if domain := self._surroundings.domain(name):
                return domain
        return next((one for one in self._all() if any(address in nic.leases for nic in one.nics)), None)

    def _all(self) -> list[DomainSeen]:
        found = (self._surroundings.domain(name) for name in self._surroundings.domains())
        return [one for one in found if one is not None]

    def refresh(self) -> None:
        """A new pass: enter again what has gone, forget what was answered."""
        with self._lock:
            for name, promise in list(self._entered.items()):
                guest = _there(promise)
                if guest is not None and guest.alive:
                    guest.refresh()
                elif promise.done():
                    del self._entered[name]
                    if guest is not None:
                        guest.close()

    def hang_up_on_the_silent(self, within_s: float) -> None:
        """Enter again, when they are next asked, those that say nothing within so many seconds: for who knows that they
        may have been cut off since, and would else wait long for an answer on a connection that stands no more."""
        for name, promise in list(self._entered.items()):
            guest = _there(promise)
            if guest is not None and not guest.answers(within_s):
                with self._lock:
                    self._entered.pop(name, None)
                guest.close()

    def close(self) -> None:
        """Hang up."""
        for promise in self._entered.values():
            if guest := _there(promise):
                guest.close()

    def _inside(self, name: str, address: str, needed: Sequence[str]) -> GuestConnection:
        try:
            guest = self._enter(name, address, needed).get(TIMEOUT_S * 8 * self._patience)
        except TooLate:
            raise cannot_ask(name, t("it does not answer")) from None
        guest.begin(needed)
        return guest

    def _enter(
        self, name: str, address: str, needed: Sequence[str], wants: Sequence[Want] = ()
    ) -> Later[GuestConnection]:
        with self._lock:
            if name not in self._entered:
                self._entered[name] = later(lambda: self._found(name, address, needed, wants), "guest")
            return self._entered[name]

    def _found(self, name: str, address: str, needed: Sequence[str], wants: Sequence[Want]) -> GuestConnection:
        expected = [one for one in (address, self._addresses.get(name, "")) if one]
        search = Search(name, self._surroundings, self._key, expected=expected, sections=needed,
                        timeout_s=TIMEOUT_S * self._patience, patience=self._patience)  # fmt: skip
        guest = search.run() or by_agent(search, self._surroundings, self._patience)
        if guest is None:
            raise diagnose(search, self._surroundings, BOOT_S * self._patience)
        for want in wants:  # their answers stay with the guest
            later(partial(reader.read, guest, want.kind, want.key, want.names), "guest")
        return guest


def _there(promise: Later[GuestConnection]) -> GuestConnection | None:
    try:
        return promise.get(0)
    except Exception:
        return None
