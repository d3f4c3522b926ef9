"""Findings: per fact what was wanted, what was found, whether it is met, and the command that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kvmlab.checks.matchers import as_matcher
from kvmlab.checks.reader import Key
from kvmlab.errors import CouldNotLook
from kvmlab.safe_text import plain


class FactRow(NamedTuple):
    """One fact of one object. `wanted` and `found` are words for a student, already made safe to print.

    `cause`: no check wanted it; it tells why the others are as they are.
    `ahead`: it is about the next start, and foretold from what is stored; `rehearsed`: or it was seen to come about.
    """

    name: str
    wanted: str
    found: str
    met: bool
    see: str
    cause: bool = False
    ahead: bool = False
    rehearsed: bool = False

    def to_json(self) -> dict[str, object]:
        """As in the schema kvmlab.check/1."""
        return {name: getattr(self, name) for name in ("name", "wanted", "found", "met", "see", "rehearsed")}


class Mistake(NamedTuple):
    """A known mistake that the host's state shows (kvmlab.grading.mistakes). `see`: a command that shows it, or ""."""

    name: str
    sentence: str
    see: str = ""


class About(NamedTuple):
    """Of which object a finding is, and what was wanted of it, for whoever wants to look further."""

    kind: str
    key: Key
    want: Mapping[str, object]

    def __reduce__(self) -> tuple[type[About], tuple[str, Key, Mapping[str, object]]]:
        """To be kept in a file, without what was wanted: that may be a function."""
        return About, (self.kind, self.key, {})


class Finding(NamedTuple):
    """What was seen of one object. `missing`: said when the object is not there. `trouble`: it could not be read.

    `as_one`: its facts are parts of one, "as it was", which is met where all of them are. `about`: None where it is of
    no noun of the vocabulary. `mistake`: what it most likely comes from.
    """

    subject: str
    facts: tuple[FactRow, ...]
    missing: str | None = None
    trouble: CouldNotLook | None = None
    as_one: bool = False
    about: About | None = None
    mistake: Mistake | None = None

    @property
    def met(self) -> bool:
        """Every fact was read and is as wanted."""
        return self.trouble is None and all(row.met for row in self.facts)

    @property
    def unmet(self) -> bool:
        """Some fact was read and is not as wanted."""
        return any(not row.met for row in self.facts)

    def to_json(self) -> dict[str, object]:
        """As in the schema kvmlab.check/1."""
        mistake = self.mistake._asdict() if self.mistake else None
        return {"subject": self.subject, "facts": [row.to_json() for row in self.facts], "mistake": mistake}


Findings = Iterator[Finding]


def row(name: str, wanted: object, found: object, see: str) -> FactRow:
    """Compare one fact and put it into words."""
    matcher = as_matcher(wanted)
    return FactRow(name, plain(matcher.text()), plain(matcher.shown(found)), matcher.meets(found), plain(see, 500))


def expect(subject: str, name: str, found: object, wanted: object, see: str = "") -> Finding:
    """A finding for what the vocabulary has no word for: `found` must be as `wanted` (a value or a matcher)."""
    return Finding(plain(subject), (row(name, wanted, found, see),))
