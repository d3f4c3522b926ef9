"""Turns to start a lab host: a number of students at once, who came first goes first, one start of each at a time.

`kvmlab class start` and `reset` stand in the same line as those who type at the door: with as many students at a time
as have their turn, so that nobody at the door waits for the whole class.

A place in the line is a file that its process keeps locked (flock(2)): however that ends, the kernel lets go of it, and
whoever looks next takes it off. Rejected: as many locks as turns, tried again and again; who asks again at once gets
them all, and one student's pasted page of `reset` keeps everybody else waiting.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kvmlab.classroom.children import at_once
from kvmlab.paths import State

LOOK_S = 0.5


def starts(state: State) -> Turns:
    """The line for all lab hosts of an instructor's students: as many at once as there are processors."""
    return Turns(state.shared.locks / "door-turns", at_once())


class Turns:
    """The line in `folder`; `width` students have their turn at once."""

    def __init__(self, folder: Path, width: int) -> None:
        self._folder, self._width = folder, width
        folder.mkdir(mode=0o700, exist_ok=True)

    @contextlib.contextmanager
    def turn(self, who: str, waiting: Callable[[int], None]) -> Iterator[None]:
        """Wait, then hold a turn while the block lasts. `waiting` is told, again and again, how many go before."""
        place = self._folder / f"{time.monotonic_ns():020d}.{os.getpid()}.{who}"
        draft = place.with_name(f".{place.name}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            draft.rename(place)
            while (before := self._before(place.name)) > 0:
                waiting(before)
                time.sleep(LOOK_S)
            yield
        finally:
            for path in (draft, place):
                path.unlink(missing_ok=True)
            os.close(descriptor)

    def _before(self, place: str) -> int:
        """How many have to end before this place has its turn."""
        ahead = [name for name in self._line() if name < place]
        students = {_who(name) for name in ahead}
        mine = sum(_who(name) == _who(place) for name in ahead)
        return max(len(students) - self._width + 1, mine)

    def _line(self) -> list[str]:
        """The places of those who are alive, as they came."""
        return [name for name in sorted(os.listdir(self._folder)) if not name.startswith(".") and self._lives(name)]  # noqa: PTH208

    def _lives(self, name: str) -> bool:
        try:
            descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            (self._folder / name).unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)


def _who(name: str) -> str:
    return name.split(".", 2)[2]
