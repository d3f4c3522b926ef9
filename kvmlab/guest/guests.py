"""The guests of a host, each entered once and then asked; those that cannot be entered, with the reason why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kvmlab.checks.reading import Key, Missing, Want
from kvmlab.guest import facts
from kvmlab.guest.diagnose import BOOT_S, diagnose
from kvmlab.guest.find import Search
from kvmlab.guest.inside import Inside, cannot_ask
from kvmlab.guest.later import Later, TooLate, later
from kvmlab.guest.seen import Surroundings
from kvmlab.words import t

TIMEOUT_S = 5.0

_FACTS: Mapping[str, Callable[..., Any]] = {
    "guest": facts.whole,
    "guest-addresses": facts.addresses,
    "guest-address": facts.address,
    "guest-route": facts.route,
    "guest-mount": facts.mount,
    "guest-filesystem": facts.filesystem,
    "guest-file": facts.file,
    "guest-network": facts.stored,
    "guest-fstab": facts.fstab,
    "guest-service": facts.service,
    "guest-resolver": facts.resolver,
    "guest-name": facts.name,
    "guest-module": facts.module,
    "guest-driver": facts.driver,
    "guest-cpus": facts.cpus,
    "guest-memory": facts.memory,
    "guest-block": facts.block,
    "guest-process": facts.process,
    "guest-reach": facts.reach,
}
_WITH_NAMES = ("guest-address", "guest-mount", "guest-filesystem", "guest-file", "guest-fstab")
# Questions with an argument that can be asked as soon as the guest is entered.
_BEFOREHAND = {"guest-file": "file", "guest-service": "service", "guest-name": "resolve", "guest-filesystem": "disk"}


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
        self._entered: dict[Key, Later[Inside]] = {}
        self._lock = threading.Lock()

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Mapping[str, object] | Missing:
        """The facts of one object in a guest. Raises CouldNotLook, with the reason where the guest is not reached."""
        guest = self._inside(key[:2], facts.sections(kind, names))
        work = _FACTS[kind]
        found: Mapping[str, object] | Missing = work(guest, key, names) if kind in _WITH_NAMES else work(guest, key)
        return found

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Begin to enter every guest of `wants`, and to ask it what they need."""
        for place in dict.fromkeys(want.key[:2] for want in wants):
            own = [want for want in wants if want.key[:2] == place]
            sections = [section for want in own for section in facts.sections(want.kind, want.names)]
            self._enter(place, sections, own)

    def refresh(self) -> None:
        """A new pass: enter again what has gone, forget what was answered."""
        with self._lock:
            for place, promise in list(self._entered.items()):
                guest = _there(promise)
                if guest is not None and guest.alive:
                    guest.refresh()
                elif promise.done:
                    del self._entered[place]

    def close(self) -> None:
        """Hang up."""
        for promise in self._entered.values():
            if guest := _there(promise):
                guest.close()

    def _inside(self, place: Key, sections: Sequence[str]) -> Inside:
        try:
            guest = self._enter(place, sections).get(TIMEOUT_S * 8 * self._patience)
        except TooLate:
            raise cannot_ask(place[0], t("it does not answer")) from None
        guest.begin(sections)
        return guest

    def _enter(self, place: Key, sections: Sequence[str], wants: Sequence[Want] = ()) -> Later[Inside]:
        with self._lock:
            if place not in self._entered:
                self._entered[place] = later(lambda: self._found(place, sections, wants), "guest")
            return self._entered[place]

    def _found(self, place: Key, sections: Sequence[str], wants: Sequence[Want]) -> Inside:
        name, address = place
        expected = [one for one in (address, self._addresses.get(name, "")) if one]
        search = Search(name, self._surroundings, self._key, expected=expected, sections=sections,
                        timeout_s=TIMEOUT_S * self._patience, patience=self._patience)  # fmt: skip
        guest = search.run()
        if guest is None:
            raise diagnose(search, self._surroundings, BOOT_S * self._patience)
        for want in wants:
            if verb := _BEFOREHAND.get(want.kind):
                guest.start(verb, want.key[2].removeprefix("/dev/") if verb == "disk" else want.key[2])
        return guest


def _there(promise: Later[Inside]) -> Inside | None:
    try:
        return promise.get(0)
    except Exception:
        return None
