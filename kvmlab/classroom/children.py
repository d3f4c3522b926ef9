"""kvmlab as a child process for each student, as many at once as there are processors.

A child has the student's state directory, a session of its own, and no time limit but silence: a slow computer is
slow, not broken. It is ended by its process group, so that nothing it has started stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple, TypeVar

from kvmlab import words
from kvmlab.liveness import Silence, work_of
from kvmlab.paths import State
from kvmlab.words import t

SILENT_S, MOST_S = 300, 3600
"""How long a child may do nothing at all, and how long it may take."""
END_S = 30
"""How long a child has to put away what it was making, once it is told to end."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Done(NamedTuple):
    """How a child ended: its exit status, and the last thing it complained of, or ""."""

    status: int
    said: str


class Children:
    """Children of one course and language. `stop()` from any thread ends those there are, and lets no more begin."""

    def __init__(self, course_dir: Path) -> None:
        self._course_dir = course_dir
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock, self._stopped = threading.Lock(), False

    def run(self, state: State, *argv: str) -> Done:
        """Run `kvmlab ARGV…` in a student's state directory, to its end."""
        with self._lock:
            if self._stopped:
                return Done(130, t("interrupted"))
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kvmlab", *argv],
                env=environ_of(state, self._course_dir),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            return self._ended(process)
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End all of them, as Ctrl-C would."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            end(process, signal.SIGINT)

    def _ended(self, process: subprocess.Popen[bytes]) -> Done:
        silence = Silence(SILENT_S, lambda: work_of(process.pid), MOST_S)
        while True:
            try:
                _, complaints = process.communicate(timeout=1)
                return Done(process.returncode, complaint_in(complaints))
            except subprocess.TimeoutExpired:
                if silence.over:
                    end(process, signal.SIGKILL)
                    return Done(3, t("it gave no sign of life for {seconds} s, and was ended", seconds=SILENT_S))


def environ_of(state: State, course_dir: Path, seed: str | None = None) -> dict[str, str]:
    """The environment of a kvmlab that works in a student's state directory, and draws their variant."""
    kept = {name: value for name, value in os.environ.items() if name not in ("KVMLAB_CLASS", "KVMLAB_VARIANT")}
    shared = {"KVMLAB_STATE": str(state.root), "KVMLAB_SHARED": str(state.shared.root), "KVMLAB_SPARE": "0"}
    own = {"KVMLAB_VARIANT": seed} if seed else {}
    return {**kept, **shared, **own, "KVMLAB_COURSE": str(course_dir), "KVMLAB_LANG": words.language()}


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Send a signal to the child and to all it has started; whoever is there after it, or after a while, is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def complaint_in(stderr: bytes) -> str:
    """The message of the last `kvmlab: MESSAGE` on standard error, or ""."""
    lines = stderr[-20_000:].decode(errors="replace").splitlines()
    found = [line.removeprefix("kvmlab: ") for line in lines if line.startswith("kvmlab: ")]
    return found[-1].rstrip(".") if found else ""


def at_once() -> int:
    """As many as this process may use processors."""
    return max(1, len(os.sched_getaffinity(0)))


def each(items: Iterable[Item], work: Callable[[Item], Result], children: Children) -> Iterator[tuple[Item, Result]]:
    """Do the work for each item, and yield each result as it comes. However it is left, no child remains."""
    with ThreadPoolExecutor(max_workers=at_once()) as pool:
        waiting = {pool.submit(work, item): item for item in items}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            children.stop()
            raise
