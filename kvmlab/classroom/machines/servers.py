"""Class servers: computers of an inventory, on each of which many students have a state directory of their own.

A student is placed on the one with most room and stays there, until the instructor says otherwise: what they have done
is on its lab hosts. Rejected: placing them again by itself when a server gives no answer; it may be the line that is
cut, and then they would have two lab hosts, and be graded on the fresh one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from kvmlab.classroom.children import Done
from kvmlab.classroom.gradebook.records import ServerPlace
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.words import t

STUDENT_MIB = 512
"""What is counted for a student: two lab hosts whose guests are emulated."""
MOST_AT_ONCE = 8
"""Of ten that have not logged in yet sshd drops some (sshd_config(5), MaxStartups)."""


class Room(NamedTuple):
    """What a server has: memory in MiB, in all and not used, and processors."""

    memory_mib: int
    free_mib: int
    processors: int

    def seats(self, placed: int) -> int:
        """For how many more it has room: of those who are placed there some may have started nothing yet."""
        return max(0, min(self.memory_mib // STUDENT_MIB - placed, self.free_mib // STUDENT_MIB))


class Servers:
    """The servers that students are placed on: `places`. Each works for as many at once as it has processors, up to
    `MOST_AT_ONCE`, and one that was silent once is not asked again."""

    def __init__(self, places: Mapping[str, ServerPlace]) -> None:
        self.places = places
        widths = {one.server: min(one.processors, MOST_AT_ONCE) for one in places.values()}
        self._turns = {server: threading.BoundedSemaphore(width) for server, width in widths.items()}
        self._silent: dict[str, Done] = {}

    @contextmanager
    def turn(self, server: str) -> Iterator[Done | None]:
        """Wait until the server can do more; what it was silent with, where it was."""
        with self._turns[server]:
            yield self._silent.get(server)

    def says_nothing(self, server: str, done: Done) -> None:
        """It gave no sign of life."""
        self._silent[server] = done


def server_of(inventory: Mapping[str, Machine], server: str) -> Machine | str:
    """The server, or why it is none: kvmlab's environment has to reach kvmlab, which sudo(8) and others would drop."""
    machine = inventory.get(server)
    if machine is None:
        return t("{host} is not in the inventory", host=server)
    if len(machine.kvmlab) > 1:
        return t("{host}: on a class server `kvmlab_command` is one word, without sudo", host=server)
    return machine


def placed(
    students: Iterable[str], rooms: Mapping[str, Room], places: Mapping[str, ServerPlace], leaving: Iterable[str] = ()
) -> dict[str, ServerPlace | None]:
    """Where each of them is put who is placed nowhere, or on a server of `leaving`; None: nowhere is room.

    Those come first who come first; of servers with as much room the one with more processors."""
    away = set(leaving)
    counts = {server: sum(one.server == server for one in places.values()) for server in rooms}
    free = {server: room.seats(counts[server]) for server, room in rooms.items() if server not in away}
    found: dict[str, ServerPlace | None] = {}
    for student in students:
        there = places.get(student)
        if there and there.server not in away:
            continue
        best = max(free, key=lambda one: (free[one], rooms[one].processors), default="")
        found[student] = None
        if best and free[best]:
            free[best] -= 1
            found[student] = ServerPlace(best, rooms[best].processors)
    return found
