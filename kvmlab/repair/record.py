"""What is known of the repair on a lab host: kept in its run directory, outside of it, and gone with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from kvmlab.course.fault.model import Fault
from kvmlab.labhost.known_host import REPAIR, KnownLabHost
from kvmlab.state import record

HIDING, OPEN, MENDED, GIVEN_UP = STATES = ("hiding", "open", "mended", "given up")
POINTS = {1: 5, 2: 10, 3: 15}
"""What a mend is worth, by the fault's level."""
_GRADED = ".repair"


def graded_as(lab: str) -> str:
    """What a class's gradebook calls a repair of the lab: it is no attempt at the lab itself."""
    return f"{lab}{_GRADED}"


def lab_graded(name: str) -> str:
    """The lab that a name in a class's gradebook is about."""
    return name.removesuffix(_GRADED)


class Repair(NamedTuple):
    """A repair. `state` "hiding": the lab is being solved and broken, or that was cut off; `fault` None: not drawn yet.
    `granted`: what the
    fault has changed, as a lab's `yours`; `handed_over`: what the ticket forbids to touch, as it was; `began`, `ended`:
    seconds since the epoch, 0.0 where not yet.
    """

    seed: str
    state: str = HIDING
    fault: Fault | None = None
    granted: tuple[str, ...] = ()
    handed_over: Mapping[str, Any] = MappingProxyType({})
    began: float = 0.0
    ended: float = 0.0
    hints: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it waits to be mended."""
        return self.state == OPEN

    @property
    def over(self) -> bool:
        """Mended or given up: the cause may be told."""
        return self.state in (MENDED, GIVEN_UP)

    @property
    def seconds(self) -> float:
        """How long it has taken, or takes so far."""
        return max(0.0, (self.ended or time.time()) - self.began) if self.began else 0.0

    @property
    def max_points(self) -> int:
        """What mending it is worth."""
        return POINTS[self.fault.level] if self.fault else 0

    @property
    def points(self) -> int:
        """What it has earned."""
        return self.max_points if self.state == MENDED else 0

    def ending(self, state: str) -> Repair:
        """The same, mended or given up now."""
        return self._replace(state=state, ended=time.time())


def recall(host: KnownLabHost) -> Repair | None:
    """The repair on `host`; None where there is none. One whose record is damaged counts as cut off."""
    try:
        found = record.load(host.run_dir / REPAIR)
        return None if found is None else _from_json(found)
    except (OSError, ValueError):
        return Repair("")


def keep(host: KnownLabHost, repair: Repair) -> None:
    """Write it, whole or not at all."""
    fault = repair.fault.to_json() if repair.fault else None
    data = {**repair._asdict(), "fault": fault, "handed_over": dict(repair.handed_over)}
    record.write(host.run_dir / REPAIR, data)


def _from_json(data: Any) -> Repair:
    try:
        fault = Fault.from_json(data["fault"]) if data["fault"] else None
        made = Repair(**{**data, "fault": fault, "granted": tuple(map(str, data["granted"]))})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a repair: {error}") from None
    if made.state not in STATES or (fault is None) != (made.state == HIDING):
        raise ValueError("not a repair: its state")
    return made
