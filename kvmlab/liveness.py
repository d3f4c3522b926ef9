"""Waiting for as long as what is waited for gives signs of life: a slow computer is slow, not broken.

No fixed time fits both a computer with KVM and one that is emulated whole and ten times slower; so what ends a wait is
silence. A sign is anything that changes while work is done: processor time, a file's size, lines that were said.
Rejected: measuring how slow the computer is and multiplying (it is as slow as what else runs on it, and that changes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from time import monotonic

from kvmlab.process import processes

LOOK_S = 1.0
"""How often a sign is looked for: it may cost some milliseconds."""


def none() -> None:
    """A sign that never changes: the wait is over after `after_s` seconds."""


class Silence:
    """A wait that is `over` when the value of `sign` has not changed for `after_s` seconds, or after `most_s` seconds
    in all: an emulated guest that hangs may compute for ever."""

    def __init__(self, after_s: float, sign: Callable[[], object] = none, most_s: float = inf) -> None:
        self.after_s, self._sign = after_s, sign
        self._end = monotonic() + most_s
        self._last, self._since = sign(), monotonic()
        self._looked = self._since

    @property
    def over(self) -> bool:
        """Whether there was no sign for too long; to be asked often."""
        now = monotonic()
        if now - self._looked >= min(LOOK_S, self.after_s / 2):
            self._looked = now
            if (sign := self._sign()) != self._last:
                self._last, self._since = sign, now
        return now - self._since > self.after_s or now > self._end


def work_of(pid: int, helpers: Iterable[int] = ()) -> object:
    """What changes while process `pid` or one below it computes.

    `helpers`: processes that it may have started and let go; those that are younger than itself count as its own.
    """
    table = processes()
    if pid not in table:
        return None
    mine = {pid, *(one for one in helpers if one in table and table[one].started >= table[pid].started)}
    while below := {other for other, one in table.items() if one.parent in mine} - mine:
        mine |= below
    return frozenset(mine), sum(table[one].ticks for one in mine)
