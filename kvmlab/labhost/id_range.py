"""The user ids of a lab host of root: a range of its own, in which the outside's root is nobody.

An ordinary user's lab hosts are in that user's own range (subuid(5)); a kvmlab of root takes ranges that no
distribution hands out (systemd's "users, groups, UIDs and GIDs": 0x70000000 and up are unused).
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Container

from kvmlab.errors import CannotRun
from kvmlab.remote.host_root import IDS
from kvmlab.words import t

FIRST = 0x70000000
RANGES = 0xFFD

_reserved: dict[int, socket.socket] = {}


def reserve_range(taken: Container[int]) -> int:
    """The first id of a range that no process has, that is not `taken`, and that no other kvmlab is about to take.

    Two starts at once are kept apart by a name in the kernel's abstract namespace (unix(7)), which nobody has to
    remove, until `release_range` or our end; by then the lab host's processes tell.
    """
    in_use = _ranges_in_use()
    for slot in random.sample(range(RANGES), RANGES):
        first = FIRST + slot * IDS
        if first not in in_use and first not in taken and _reserve(first):
            return first
    raise CannotRun(t("All {count} ranges of user ids for lab hosts are in use.", count=RANGES), "kvmlab status")


def free_ranges() -> int:
    """How many ranges no process has."""
    return RANGES - sum(0 <= first - FIRST < RANGES * IDS for first in _ranges_in_use())


def release_range(first: int) -> None:
    """Let another have it: its lab host is up, or gone."""
    if held := _reserved.pop(first, None):
        held.close()


def _reserve(first: int) -> bool:
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        name.bind(f"\0kvmlab-ids-{first}")
    except OSError:
        name.close()
        return False
    _reserved[first] = name
    return True


def _ranges_in_use() -> set[int]:
    """By whose ids the processes run now: /proc/PID belongs to whom the process does (proc(5))."""
    found = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                uid = entry.stat().st_uid
                found.add(FIRST + (uid - FIRST) // IDS * IDS)
    return found
