"""What a student has mended, and given up: one record a repair that has ended, in the course's progress."""

from __future__ import annotations

from typing import Any, NamedTuple

from kvmlab.paths import State
from kvmlab.state import record

MOST = 2000
MENDED, GIVEN_UP = "mended", "given up"


class Ended(NamedTuple):
    """A repair that has ended. `seconds`: what it took; `ended`: when, in UTC."""

    lab: str
    fault: str
    level: int
    seed: str
    outcome: str
    seconds: int
    hints: int
    points: int
    max_points: int
    ended: str


class Repairs:
    """The repairs of one course, in `state`, that have ended, in their order."""

    def __init__(self, state: State, course_tag: str) -> None:
        self._state, self._tag = state, course_tag
        self._path = state.root / "progress" / course_tag / "repairs.json"

    def all(self) -> tuple[Ended, ...]:
        """All that are known of, the last MOST."""
        return record.read(self._path, _from_json, ())

    def ended(self, one: Ended) -> None:
        """Note one more."""
        with self._state.lock(f"repairs-{self._tag}"):
            rows = [*self.all(), one][-MOST:]
            folder = self._state.progress / self._tag
            folder.mkdir(mode=0o700, exist_ok=True)
            record.write(self._path, {"repairs": [row._asdict() for row in rows]})


def _from_json(data: Any) -> tuple[Ended, ...]:
    try:
        rows = tuple(Ended(**row) for row in data["repairs"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not repairs: {error}") from None
    for row in rows:
        if any(type(value) is not kind for value, kind in zip(row, _KINDS, strict=True)):
            raise ValueError("not repairs: a field")
    return rows


_KINDS = (str, str, int, str, str, int, int, int, int, str)
