"""Waiting for as long as what is waited for gives signs of life: a slow computer is slow, not broken.

No fixed time fits both a computer with KVM and one that is emulated whole and ten times slower; so what ends a wait is
silence. A sign is anything that changes while work is done: processor time, a file's size, lines that were said.
Rejected: measuring how slow the computer is and multiplying (it is as slow as what else runs on it, and that changes).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from math import inf
from time import monotonic
from typing import NamedTuple

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


class _Seen(NamedTuple):
    """A process of /proc: its parent, when it started and how long it has computed, both in clock ticks (proc(5))."""

    parent: int
    started: int
    ticks: int


def work_of(pid: int, helpers: Iterable[int] = ()) -> object:
    """What changes while process `pid` or one below it computes.

    `helpers`: processes that it may have started and let go; those that are younger than itself count as its own.
    """
    table = dict(_processes())
    if pid not in table:
        return None
    mine = {pid, *(one for one in helpers if one in table and table[one].started >= table[pid].started)}
    while below := {other for other, one in table.items() if one.parent in mine} - mine:
        mine |= below
    return frozenset(mine), sum(table[one].ticks for one in mine)


def _processes() -> list[tuple[int, _Seen]]:
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as stream:  # noqa: PTH123
                fields = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        found.append((int(entry), _Seen(int(fields[1]), int(fields[19]), int(fields[11]) + int(fields[12]))))
    return found
