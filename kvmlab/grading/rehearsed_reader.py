"""Two hosts read as one: the present is read from the first, facts about its next start from a copy that has started.

A fact that could not be looked at in the copy keeps its stored value, with the trouble beside it: a stored value that
is wrong fails, and one that is right does not pass unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kvmlab.checks.next_start import LiveFact, Phase, live_of, started_for
from kvmlab.checks.reader import CAUSES, Answer, Key, MissingObject, Reader, Reading, Want
from kvmlab.errors import CouldNotLook
from kvmlab.words import t

_EXISTS = "exists"


class RehearsedReader:
    """A Reader. `fails`: why a domain, network or pool did not start in the copy, in libvirt's words."""

    def __init__(self, first: Reader, copy: Reader) -> None:
        self.first = first
        self.copy = copy
        self.fails: Mapping[tuple[str, str], str] = {}
        self._booted: dict[tuple[str, Key], Answer | CouldNotLook] = {}

    def note_boot(self, wants: Iterable[Want]) -> None:
        """The copy has booted, and nothing has been done there yet: keep what is to be seen only now."""
        asked: dict[tuple[str, Key], dict[str, None]] = {}
        for live, key in _lives(wants, Phase.BOOT):
            asked.setdefault((live.kind, live.key(key)), {}).update(dict.fromkeys(live.names))
        for (kind, key), names in asked.items():
            try:
                self._booted[kind, key] = self.copy.read(kind, key, list(names))
            except CouldNotLook as trouble:
                self._booted[kind, key] = trouble

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        lives = {name: live for name in names or [_EXISTS] if (live := live_of(kind, key, name))}
        plain = [name for name in names if name not in lives]
        answer: dict[str, Reading] = {}
        if plain or not lives:
            now = self.first.read(kind, key, plain)
            if isinstance(now, MissingObject):
                return now
            answer.update({one: reading for one, reading in now.items() if one != CAUSES or not lives})
        for name, live in lives.items():
            found = self._reading(kind, key, name, live)
            if isinstance(found, MissingObject):
                return found
            answer.update(found)
        return answer

    def _reading(self, kind: str, key: Key, name: str, live: LiveFact) -> Answer:
        """The one fact, and what decides about its object in the copy beside it."""
        try:
            found = self._seen(live, key)
        except CouldNotLook as trouble:
            return self._stored(kind, key, name, trouble)
        if not isinstance(found, MissingObject):
            value = True if name == _EXISTS else live.value({one: found[one].value for one in live.names}, key)
            causes = {CAUSES: found[CAUSES]} if CAUSES in found and live.kind == kind else {}
            return {name: Reading(value, rehearsed=True), **causes}
        if live.absent:
            return {name: Reading(None, rehearsed=True)}
        now = self._now(kind, key)
        return now._replace(causes=()) if isinstance(now, MissingObject) else self._failed(kind, key, found)

    def _seen(self, live: LiveFact, key: Key) -> Answer:
        place = (live.kind, live.key(key))
        kept = self._booted.get(place)
        if isinstance(kept, CouldNotLook):
            raise kept.with_traceback(None)
        if kept is not None and (isinstance(kept, MissingObject) or kept.keys() >= set(live.names)):
            return kept
        return self.copy.read(*place, live.names)

    def _now(self, kind: str, key: Key) -> Answer:
        """What is known of the object without the copy: whether anything is stored at all."""
        try:
            return self.first.read(kind, key, [])
        except CouldNotLook:
            return {}

    def _failed(self, kind: str, key: Key, found: MissingObject) -> MissingObject:
        """It is not there in the copy; where it would not start, that is why."""
        started = started_for(kind, key)
        if started and (said := self.fails.get(started)):
            return MissingObject(t("does not start: {said}", said=said), rehearsed=True)
        return found._replace(rehearsed=True, causes=())

    def _stored(self, kind: str, key: Key, name: str, trouble: CouldNotLook) -> Answer:
        """What is stored, where the copy could not be looked at."""
        try:
            answer = self.first.read(kind, key, [] if name == _EXISTS else [name])
        except CouldNotLook:
            raise trouble.with_traceback(None) from None
        if isinstance(answer, MissingObject):
            return answer
        return {**answer, name: answer.get(name, Reading(True))._replace(trouble=trouble)}

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Tell the first what it is going to be asked, and the copy likewise."""
        ours = [want for want in wants if not _is_ahead(want)]
        for reader, share in ((self.first, ours), (self.copy, _in_copy(wants))):
            if prefetch := getattr(reader, "prefetch", None):
                prefetch(share)

    def refresh(self) -> None:
        """A new pass begins."""
        refresh(self.first)
        refresh(self.copy)

    def way_in(self, guest: str, address: str) -> str:
        """How a student gets into a guest of the first host."""
        way_in = getattr(self.first, "way_in", None)
        return str(way_in(guest, address)) if way_in else ""


def refresh(reader: Reader) -> None:
    """Let a reader forget what it has read, if it keeps anything."""
    if forget := getattr(reader, "refresh", None):
        forget()


def ahead(wants: Iterable[Want]) -> bool:
    """Whether any of `wants` is about the next start."""
    return any(_at(want, phase) for want in wants for phase in Phase)


def to_start(wants: Iterable[Want]) -> list[tuple[str, str]]:
    """The guests, networks and pools whose next start `wants` ask about, as ("domain", "web1").

    Guests first: a network that does not start by itself is to be missing when they start.
    """
    named = (started_for(want.kind, want.key) for want in wants if _at(want, Phase.START))
    found = list(dict.fromkeys(one for one in named if one))
    return sorted(found, key=lambda one: one[0] != "domain")


def guests_to_enter(wants: Iterable[Want]) -> Mapping[str, str]:
    """The guests that have to be asked themselves, each with the address it is expected at ("": none)."""
    inside = [want for want in wants if want.kind.startswith("guest-") and _at(want, Phase.START)]
    return {want.key[0]: want.key[1] for want in inside}


def with_balloon(wants: Iterable[Want]) -> list[str]:
    """The domains whose memory after the next start is asked for: only the kernel of the guest gives back the rest."""
    asked = [want for want in wants if want.kind == "domain" and "memory_mib" in want.names and _at(want, Phase.START)]
    return list(dict.fromkeys(want.key[0] for want in asked))


def _lives(wants: Iterable[Want], phase: Phase) -> Iterable[tuple[LiveFact, Key]]:
    for want in wants:
        for name in want.names or (_EXISTS,):
            live = live_of(want.kind, want.key, name)
            if live is not None and live.phase is phase:
                yield live, want.key


def _at(want: Want, phase: Phase) -> bool:
    return any(True for _ in _lives([want], phase))


def _is_ahead(want: Want) -> bool:
    return all(live_of(want.kind, want.key, name) for name in want.names or (_EXISTS,))


def _in_copy(wants: Iterable[Want]) -> list[Want]:
    return [Want(live.kind, live.key(key), live.names) for live, key in _lives(wants, Phase.START)]
