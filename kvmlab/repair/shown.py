"""General faults that were seen to show: faults/shown.json of a course, written by script/faults.py of what
`kvmlab prove --only general-faults` has found. Only they are counted; and of a lab that was tried only they are drawn.

A lab's rows stand beside a hash over what its solved state is made of: once its start or its solution is another one,
they are not believed any more. Rejected: a hash over its checker, too: whatever is drawn must fail a check anyway.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kvmlab.course import Course, Lab
    from kvmlab.course.lab.fences import Step

FILE = "faults/shown.json"
_MADE_OF = ("host", "values", "guests", "networks", "pools", "domains", "files", "isos", "setup")


class ShownFaults(NamedTuple):
    """Of one lab: the ids of those that show, with their levels; `solved`: of which solved state."""

    solved: str
    levels: Mapping[str, int]


def kept_in(root: Path) -> dict[str, ShownFaults]:
    """Of the course at `root`, by lab; nothing where nothing is kept, or it cannot be read."""
    try:
        rows: Any = json.loads((root / FILE).read_text(encoding="utf-8"))
        return {str(lab): _shown(one) for lab, one in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}


def _shown(one: Any) -> ShownFaults:
    return ShownFaults(str(one["solved"]), {str(name): int(level) for name, level in one["faults"].items()})


def shown_in(course: Course, labs: Iterable[str]) -> dict[str, Mapping[str, int]]:
    """Of these labs, those whose solved state is still what it was when they were tried."""
    kept = kept_in(course.root)
    return {lab: kept[lab].levels for lab in labs if lab in kept and kept[lab].solved == _now(course, lab)}


def _now(course: Course, lab_id: str) -> str:
    lab = course.lab(lab_id, "en", None)
    return solved_state(lab, course.solutions(lab)[0].steps)


def solved_state(lab: Lab, steps: Sequence[Step]) -> str:
    """A hash over what the lab's solved state is made of: what is there at its start, and what the solution does."""
    data = lab.to_json()
    parts = [{name: data[name] for name in _MADE_OF}, [[one.guest, one.code] for one in steps]]
    return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
