"""What a known mistake is: the failed finding it may be under, what shows it, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from kvmlab.checks.findings import Finding
from kvmlab.checks.reader import Key
from kvmlab.checks.vocabulary.host import Host


class FailedObject(NamedTuple):
    """An object of which something was not as wanted. `want`: all that was wanted; `unmet`: the facts that were not so,
    and what else decides about the object (kvmlab.checks.reader.Cause).

    `missing`: there is no such object, and there should be.
    """

    kind: str
    key: Key
    want: Mapping[str, object]
    unmet: frozenset[str]
    missing: bool

    @classmethod
    def of(cls, finding: Finding) -> FailedObject | None:
        """None where everything is as wanted, or the finding is about no object of the vocabulary."""
        unmet = frozenset(row.name for row in finding.facts if not row.met)
        if finding.about is None or not unmet:
            return None
        return cls(*finding.about, unmet, finding.missing is not None)

    @property
    def view(self) -> str:
        """ "now", "live" or "stored"; "" for an object that has no views."""
        return self.key[1] if len(self.key) > 1 and self.key[1] in ("now", "live", "stored") else ""

    def lacks(self, *names: str) -> bool:
        """Whether one of these facts is not as wanted."""
        return not self.unmet.isdisjoint(names)


Words = Mapping[str, object]


class Pattern(NamedTuple):
    """A known mistake. `sentence`: English, through t(), with places for what `look` found; `see`: the command that
    shows it, or "". `kinds`: of objects whose findings it may be under ("guest-*": all in a guest).

    `look` reads what it needs, and answers None where it is not this mistake. It may raise: then it is not, either.
    """

    name: str
    kinds: tuple[str, ...]
    look: Callable[[FailedObject, Host], Words | None]
    sentence: str
    see: str = ""

    def fits(self, kind: str) -> bool:
        """Whether it may be under a finding about an object of this kind."""
        return kind in self.kinds or ("guest-*" in self.kinds and kind.startswith("guest-"))
