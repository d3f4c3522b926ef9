"""What the lab hosts of one state directory may take, where its owner has said so: a class does for its students."""

from __future__ import annotations

from typing import NamedTuple

from kvmlab.paths import State
from kvmlab.state import record

LIMITS = "limits.json"
"""In a state directory: its OwnLimits, those that are not 0."""


class OwnLimits(NamedTuple):
    """Of a lab host with its guests, then of all lab hosts together (labhost.together). 0: as usual; of all together
    no limit, and the usual weight of 100."""

    memory_mib: int = 0
    disk_gib: int = 0
    all_memory_mib: int = 0
    all_processes: int = 0
    all_cpu_weight: int = 0

    @property
    def together(self) -> bool:
        """Whether there is a limit of all lab hosts together."""
        return any((self.all_memory_mib, self.all_processes, self.all_cpu_weight))


def set_limits(state: State, limits: OwnLimits) -> None:
    """From their next start on, lab hosts of a state directory are held to these."""
    path = state.root / LIMITS
    if any(limits):
        _ = state.run  # the state directory is made
        record.write(path, {name: value for name, value in limits._asdict().items() if value})
    else:
        path.unlink(missing_ok=True)


def limits_of(state: State) -> OwnLimits:
    """What `set_limits` has set."""
    return record.read(state.root / LIMITS, _parsed, OwnLimits())


def _parsed(document: object) -> OwnLimits:
    if not isinstance(document, dict) or not document.keys() <= set(OwnLimits._fields):
        raise ValueError("limits")
    if not all(type(value) is int and value >= 0 for value in document.values()):
        raise ValueError("a limit")
    return OwnLimits(**document)
