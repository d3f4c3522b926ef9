"""What another roster would change: who comes, who goes, whose name or group is another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kvmlab.classroom.roster.student import Student
from kvmlab.words import t


class RosterDifference(NamedTuple):
    """Students by what becomes of them; `changed` has pairs, before and after."""

    added: tuple[Student, ...]
    gone: tuple[Student, ...]
    changed: tuple[tuple[Student, Student], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.changed)

    def lines(self) -> Iterator[str]:
        """A line each: `+` comes, `-` goes, `~` changes."""
        for one in self.added:
            yield f"+ {_told(one)}"
        for one in self.gone:
            yield f"- {_told(one)}"
        for old, new in self.changed:
            names = {"name": t("name"), "group": t("group"), "host": t("host"), "email": t("e-mail")}
            parts = [
                f"{word}: {getattr(old, field) or '–'} → {getattr(new, field) or '–'}"
                for field, word in names.items()
                if getattr(old, field) != getattr(new, field)
            ]
            yield f"~ {new.id}  {'; '.join(parts)}"


def difference(before: Iterable[Student], after: Iterable[Student]) -> RosterDifference:
    """From one roster to the other; who has the same id is the same person."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    return RosterDifference(
        tuple(one for one in new.values() if one.id not in old),
        tuple(one for one in old.values() if one.id not in new),
        tuple((old[key], new[key]) for key in new if key in old and old[key] != new[key]),
    )


def _told(one: Student) -> str:
    return "  ".join(filter(None, (one.id, one.name, one.group, one.host)))
