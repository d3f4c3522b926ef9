"""Starting a lab host while others do: how many a student may have, and whose turn it is."""

from __future__ import annotations

import contextlib
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence

from kvmlab.classroom.turns import starts
from kvmlab.course import Course
from kvmlab.errors import CannotRun, UsageError
from kvmlab.labhost.record import runs
from kvmlab.paths import State
from kvmlab.words import t

MOST_LABS = 3
"""How many lab hosts of a student may run before `start` asks to finish one."""
STALLED_S = 20.0
"""How long what a student looks at may take nothing while others wait."""


@contextlib.contextmanager
def turn_to_start(state: State, course: Course, labs: Sequence[str], stopped: Callable[[], bool]) -> Iterator[None]:
    """As many students start lab hosts at once as there are processors; the others wait in a line, and are told their
    place in it. UsageError where they have too many already, CannotRun once it is `stopped`."""
    _must_have_room(state, course, labs)
    told = 0

    def waiting(before: int) -> None:
        nonlocal told
        if stopped():
            raise CannotRun(t("interrupted"))
        if before != told:
            told = before
            print(t("Others' lab hosts are starting; {count} before yours.", count=before), flush=True)

    with starts(state).turn(state.root.name, waiting):
        _must_have_room(state, course, labs)
        yield


def _must_have_room(state: State, course: Course, labs: Sequence[str]) -> None:
    there = runs(state, course)
    if len(there) >= MOST_LABS and not set(labs) & set(there):
        said = t("{count} lab hosts of yours are there already; more are too much for a class.", count=len(there))
        raise UsageError(said, f"finish {next(iter(there))}")


def keep_moving(process: subprocess.Popen[bytes], shown_at: int) -> None:
    """Wait for it; CannotRun where it was ended, because nothing of what it shows was taken (Ctrl-S, a client that does
    not read any more) for STALLED_S seconds: it holds locks, and a turn, that others wait for."""
    terminal, taken = select.poll(), time.monotonic()
    terminal.register(shown_at, select.POLLOUT)
    while process.poll() is None:
        if terminal.poll(0):
            taken = time.monotonic()
        elif time.monotonic() - taken > STALLED_S:
            process.kill()
            raise CannotRun(t("Nothing could be shown here for {seconds:.0f} s: it was ended.", seconds=STALLED_S))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
