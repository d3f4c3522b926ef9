"""How facts reach the checks: the reader that a host (or a test) provides, and the cache of one pass.

A reader is asked for facts of one object: its `kind`, its `key` (a path of names, as
`kvmlab.checks.vocabulary` lists them) and the names of the facts. It answers with a reading per name, or says that
there is no such object, or raises CouldNotLook. It never answers with a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import NamedTuple, Protocol

from kvmlab.errors import CouldNotLook
from kvmlab.safe_text import plain

Key = tuple[str, ...]


class Reading(NamedTuple):
    """One fact as it was read. `see`: the command that shows it, where it is not the vocabulary's own.

    `rehearsed`: seen after the next start, in a copy. `trouble`: why it could not be, so that this is what is stored.
    """

    value: object
    see: str = ""
    rehearsed: bool = False
    trouble: CouldNotLook | None = None


class Cause(NamedTuple):
    """What decides about an object beside its facts, though no check asks for it: `found`, which ought to be `wanted`.

    Told where a fact is not as wanted; `alone`: the object is then not as wanted whatever its facts say.
    """

    fact: str
    found: object
    wanted: object
    see: str
    alone: bool = False


class MissingObject(NamedTuple):
    """There is no such object.

    `text`: how it is said, in English, if not as the vocabulary says it ("not running", "transient: nothing is
    stored"); goes through t(). `offers`: the names of those there are: the engine finds "did you mean" among them.
    `see`: the command that shows it, where it is not the vocabulary's own. `name`: what was not found, where it
    is not the subject's own name (the domain of a disk). `causes`: what decides about it beside that.
    `rehearsed`: as of a reading.
    """

    text: str = ""
    offers: Sequence[str] = ()
    see: str = ""
    name: str = ""
    causes: Sequence[Cause] = ()
    rehearsed: bool = False


CAUSES = "causes"
"""Beside the facts an answer may have a reading of this name: a sequence of Cause."""

Answer = Mapping[str, Reading] | MissingObject


class Want(NamedTuple):
    """Facts that the checks are going to ask for, told to a reader beforehand."""

    kind: str
    key: Key
    names: tuple[str, ...]


class Reader(Protocol):
    """Reads facts. A reader may also have, each looked up by name and not required:

    `prefetch(wants: Sequence[Want]) -> None`  what this pass will most likely ask, to be read at once and in
        parallel. Must not raise: what fails there fails again in `read`, and is told there.
    `refresh() -> None`  a new pass begins: forget what was read.
    `way_in(guest: str, address: str) -> str`  how a student gets into a guest from the lab host, as the beginning
        of a command: "ssh 10.0.0.122". `address` is what the checker gave, or "".
    """

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """The named facts of one object, a reading for each. No value is Reading(None), or Reading([]).

        No names: only whether there is such an object ({} or MissingObject). Raises CouldNotLook, `transient` where
        waiting may help. Values are plain: str, int, float, bool, None, list, dict; MAC addresses in lower case.
        """
        ...


class OncePerPass:
    """A reader that asks another one for every fact at most once until `refresh`; trouble is kept as well."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._known: dict[tuple[str, Key], dict[str, Reading]] = {}
        self._final: dict[tuple[str, Key], MissingObject | CouldNotLook] = {}

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """As Reader.read; within a pass the same question has the same answer."""
        place = (kind, key)
        if final := self._final.get(place):
            return _answer_or_raise(final)
        known = self._known.get(place)
        wanting = [name for name in names if known is None or name not in known]
        if known is None or wanting:
            try:
                answer = self.reader.read(kind, key, wanting)
            except CouldNotLook as trouble:
                self._final[place] = trouble
                raise
            if isinstance(answer, MissingObject):
                self._final[place] = answer
                return answer
            known = self._known.setdefault(place, {})
            known.update(answer)
        return known

    def refresh(self) -> None:
        """Forget everything: a new pass begins."""
        self._known.clear()
        self._final.clear()
        ask_optional(self.reader, "refresh")

    def way_in(self, guest: str, address: str) -> str:
        """How a student gets into a guest from the lab host: "ssh 10.0.0.122"."""
        return str(ask_optional(self.reader, "way_in", guest, address) or f"ssh {quote(plain(address or guest))}")

    def note_wanted(self, kind: str, key: Key, want: Mapping[str, object]) -> None:
        """A finding is about to want these facts, for a reader that takes note of it."""
        ask_optional(self.reader, "note_wanted", kind, key, want)

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Tell the reader what this pass will most likely ask."""
        ask_optional(self.reader, "prefetch", wants)


class Wanted:
    """A reader that knows nothing and notes what is wanted of which object, not what is merely looked up."""

    def __init__(self) -> None:
        self.wanted: list[tuple[str, Key, Mapping[str, object]]] = []

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """Every object is there, without a value."""
        return dict.fromkeys(names, Reading(None))

    def note_wanted(self, kind: str, key: Key, want: Mapping[str, object]) -> None:
        """A finding is about to want these facts of an object."""
        self.wanted.append((kind, key, want))


class DryRun:
    """A reader that knows nothing and notes what it is asked: what a check will want, without looking."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, Key], dict[str, None]] = {}

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        """Every object is there, without a value."""
        self.names.setdefault((kind, key), {}).update(dict.fromkeys(names))
        return dict.fromkeys(names, Reading(None))

    def wants(self) -> list[Want]:
        """What was asked, in the order it was asked first."""
        return [Want(kind, key, tuple(names)) for (kind, key), names in self.names.items()]


def _answer_or_raise(final: MissingObject | CouldNotLook) -> MissingObject:
    if isinstance(final, MissingObject):
        return final
    raise final.with_traceback(None)


def ask_optional(reader: object, method: str, *args: object) -> object:
    """What a method that not every reader has answers; None where it is not there."""
    call: Callable[..., object] | None = getattr(reader, method, None)
    return None if call is None else call(*args)
