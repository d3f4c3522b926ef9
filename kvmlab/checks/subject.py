"""A subject: one object by its exact name, whose facts can be wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote
from typing import Any, ClassVar

from kvmlab.checks.facts import Facts, FactSpec, known, specs
from kvmlab.checks.findings import About, FactRow, Finding, row
from kvmlab.checks.next_start import live_of
from kvmlab.checks.reader import CAUSES, Cause, Key, MissingObject, OncePerPass, Reader, Reading
from kvmlab.errors import CouldNotLook
from kvmlab.nearest import nearest
from kvmlab.safe_text import plain
from kvmlab.words import t

_EXISTS = "exists"
_THERE = Reading(True)
_PART = re.compile(r"\{(\w+)\}")


class Subject:
    """Base of the vocabulary's nouns. `kind` and `key` name the object to the reader. Each has `shows(**want)`, whose
    names are those of its facts: a finding that wants these (a TypedDict cannot be handed down: PEP 692)."""

    kind: ClassVar[str] = ""
    facts: ClassVar[Any] = Facts
    label: ClassVar[str] = ""  # English, through t(); {0}, {1}… are parts of the key
    see: ClassVar[str] = ""  # the command that shows whether there is such an object
    absent: ClassVar[str] = "not defined"  # said when there is none; English, through t()
    named: ClassVar[int] = 0  # the part of the key that is this object's own name

    def __init__(self, reader: Reader, key: Key) -> None:
        self.reader = reader
        self.key = key

    @property
    def name(self) -> str:
        """As the student reads it: "link br0", "disk vdb of web1"."""
        return plain(_filled(t(self.label), _numbered(self.key)))

    def value(self, fact: str) -> Any:
        """The raw value of a fact, to want it elsewhere; None when the object is missing. May raise CouldNotLook."""
        spec = known(self.facts, fact)
        answer = self.reader.read(self.kind, self.key, _readable([fact]))
        if fact == _EXISTS:
            return not isinstance(answer, MissingObject)
        return None if isinstance(answer, MissingObject) else _reading(answer, spec).value

    def command(self, fact: str) -> str:
        """The command that shows a fact, complete."""
        return self._command(known(self.facts, fact).see)

    def missing(self) -> Finding:
        """A finding that wants this object not to be there."""
        return self._finding({_EXISTS: False})

    def _finding(self, want: Mapping[str, object]) -> Finding:
        wanted = {name: known(self.facts, name).checked(value) for name, value in want.items()}
        if isinstance(self.reader, OncePerPass):
            self.reader.note_wanted(self.kind, self.key, want)
        return self._found(want, wanted)._replace(about=About(self.kind, self.key, wanted))

    def _found(self, want: Mapping[str, object], wanted: Mapping[str, object]) -> Finding:
        try:
            answer = self.reader.read(self.kind, self.key, _readable(want))
        except CouldNotLook as trouble:
            return Finding(self.name, (), trouble=trouble)
        if isinstance(answer, MissingObject):
            return self._not_there(answer, wanted)
        rows = tuple(self._row(answer, name, value) for name, value in wanted.items())
        troubles = [answer[name].trouble for name in wanted if name in answer]
        return Finding(self.name, rows + self._causes(answer, rows), trouble=next(filter(None, troubles), None))

    def _causes(self, answer: Mapping[str, Reading] | MissingObject, rows: Sequence[FactRow]) -> tuple[FactRow, ...]:
        """What decides about the object beside `rows`, where they are not as wanted or it does so alone."""
        told: Any = answer.causes if isinstance(answer, MissingObject) else getattr(answer.get(CAUSES), "value", ())
        unmet = not all(fact.met for fact in rows)
        names = {fact.name for fact in rows}
        return tuple(_row_of(cause) for cause in told if (cause.alone or unmet) and cause.fact not in names)

    def _row(self, answer: Mapping[str, Reading], name: str, wanted: object) -> FactRow:
        spec = known(self.facts, name)
        reading = _THERE if name == _EXISTS and name not in answer else _reading(answer, spec)
        made = row(name, wanted, reading.value, reading.see or self._command(spec.see))
        return self._dated(made, reading.rehearsed)

    def _dated(self, made: FactRow, rehearsed: bool) -> FactRow:
        """Whether it is about the next start."""
        ahead = live_of(self.kind, self.key, made.name) is not None
        return made._replace(ahead=ahead and not rehearsed, rehearsed=ahead and rehearsed)

    def _not_there(self, answer: MissingObject, wanted: Mapping[str, object]) -> Finding:
        said = t(answer.text or self.absent)
        if meant := nearest(answer.name or self._own_name(), answer.offers):
            said = t("{said}; did you mean `{meant}`?", said=said, meant=plain(meant, 80))
        if answer.rehearsed:
            said = t("rehearsed: {said}", said=said)
        see = answer.see or self._command(self.see)
        rows = [
            row(name, value, False, see) if name == _EXISTS else _lost(name, value, said, see)
            for name, value in wanted.items()
        ]
        rows = [self._dated(fact, answer.rehearsed) for fact in rows]
        gone = all(fact.met for fact in rows)  # its absence is what was wanted
        return Finding(self.name, (*rows, *self._causes(answer, rows)), missing=None if gone else said)

    def _own_name(self) -> str:
        return self.key[self.named] if self.named < len(self.key) else ""

    def _command(self, template: str) -> str:
        parts = _numbered(quote(plain(part)) for part in self.key)
        return _filled(template or self.see, {**parts, **self._marks()}).strip()

    def _marks(self) -> dict[str, str]:
        """Further words that commands of this kind of subject contain."""
        return {}


def _lost(name: str, wanted: object, said: str, see: str) -> FactRow:
    blank = row(name, wanted, None, see)
    return FactRow(name, blank.wanted, plain(said), False, blank.see)


def _row_of(cause: Cause) -> FactRow:
    return row(cause.fact, cause.wanted, cause.found, cause.see)._replace(cause=True)


def _readable(names: Sequence[str] | Mapping[str, object]) -> list[str]:
    return [name for name in names if name != _EXISTS]


def _reading(answer: Mapping[str, Reading], spec: FactSpec) -> Reading:
    reading = answer.get(spec.name)
    if reading is None:
        raise LookupError(f"the reader gave no reading for {spec.name}")
    return reading


def _numbered(parts: Iterable[str]) -> dict[str, str]:
    return {str(number): part for number, part in enumerate(parts)}


def _filled(template: str, words: Mapping[str, str]) -> str:
    return _PART.sub(lambda place: words.get(place[1], place[0]), template)


def vocabulary_of(subject: type[Subject]) -> Mapping[str, FactSpec]:
    """The facts of a kind of subject, for documents and tests."""
    return specs(subject.facts)
