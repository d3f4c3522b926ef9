"""kvmlab as a child process for each student, as many at once as there are processors.

What begins one may be a process that has loaded kvmlab and forks (kvmlab.cli.warm): of a check three quarters are that.

A child has the student's state directory, a session of its own, and no time limit but silence: a slow computer is
slow, not broken. It is ended by its process group, so that nothing it has started stays; and it ends with us, also
where we are killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Protocol, TypeVar

from kvmlab import words
from kvmlab.labhost.place import WAIT
from kvmlab.liveness import Silence, work_of
from kvmlab.paths import State
from kvmlab.process import PARENT
from kvmlab.words import t

SILENT_S, MOST_S = 300, 3600
"""How long a child may do nothing at all, and how long it may take."""
WAIT_S = 60
"""How long a child may wait for another kvmlab that is at work on the same lab: the student's own, or one whose parent
was killed, which puts away what it was making."""
END_S = 30
"""How long a child has to put away what it was making, once it is told to end."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Done(NamedTuple):
    """How a child ended: its exit status, and the last thing it complained of, or ""."""

    status: int
    said: str


class ChildOutput(NamedTuple):
    """What another program printed, as far as it was read. `why` it was ended: "deadline", "length", or ""."""

    status: int
    out: bytes
    err: bytes
    why: str


class ChildProcess(Protocol):
    """What is used of a process, as subprocess.Popen has it; it leads a session of its own."""

    @property
    def pid(self) -> int: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def communicate(self, *, timeout: float) -> tuple[bytes | None, bytes]: ...


Begin = Callable[[Sequence[str], Mapping[str, str]], ChildProcess]
Child = TypeVar("Child", bound=ChildProcess)


class Children:
    """Children of one course and language. `stop()` from any thread ends those there are, and lets no more begin.

    `begin`: how `kvmlab ARGV…` begins with an environment; as a new process, where that is not given.
    """

    def __init__(self, course_dir: Path, begin: Begin | None = None) -> None:
        self._course_dir = course_dir
        self._begin: Begin = begin or _new_kvmlab
        self._running: set[ChildProcess] = set()
        self._lock, self._stopped = threading.Lock(), False

    @property
    def stopped(self) -> bool:
        """Whether no more may begin."""
        return self._stopped

    def run(self, state: State, *argv: str) -> Done:
        """Run `kvmlab ARGV…` in a student's state directory, to its end."""
        environ = {**environ_of(state, self._course_dir), PARENT: str(os.getpid()), WAIT: str(WAIT_S)}
        with self._counted(lambda: self._begin(argv, environ)) as process:
            return _ended(process) if process else Done(130, t("interrupted"))

    def answer(self, argv: Sequence[str], deadline_s: float, most: int, stdin: BinaryIO | None = None) -> ChildOutput:
        """Run another program: for so long, and up to so many bytes; then it is ended with all it has started."""
        with self._counted(lambda: _new(argv, None, subprocess.PIPE, stdin)) as process:
            if process is None:
                return ChildOutput(130, b"", b"", "")
            try:
                return _read(process, deadline_s, most)
            finally:
                end(process, signal.SIGKILL)
                assert process.stdout
                process.stdout.close()

    @contextlib.contextmanager
    def _counted(self, begin: Callable[[], Child]) -> Iterator[Child | None]:
        """A process that `stop` knows; None: no more may begin."""
        with self._lock:
            process = None if self._stopped else begin()
            if process:
                self._running.add(process)
        try:
            yield process
        finally:
            if process:
                with self._lock:
                    self._running.discard(process)
                if process.stderr:
                    process.stderr.close()

    def stop(self) -> None:
        """End all of them, as Ctrl-C would."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            end(process, signal.SIGINT)


def _new_kvmlab(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return _new([sys.executable, "-P", "-m", "kvmlab", *argv], environ, subprocess.DEVNULL)


def _new(
    argv: Sequence[str], environ: Mapping[str, str] | None, stdout: int, stdin: BinaryIO | None = None
) -> subprocess.Popen[bytes]:
    """A process in a session of its own."""
    return subprocess.Popen(
        argv, env=environ, start_new_session=True,
        stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
    )  # fmt: skip


def _ended(process: ChildProcess) -> Done:
    silence = Silence(SILENT_S, lambda: work_of(process.pid), MOST_S)
    while True:
        try:
            _, complaints = process.communicate(timeout=1)
            return Done(process.wait(), complaint_in(complaints))
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


def end(process: ChildProcess, how: signal.Signals) -> None:
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


def _read(process: subprocess.Popen[bytes], deadline_s: float, most: int) -> ChildOutput:
    """What it prints until it ends, the deadline has come, or it is too much; of its complaints the last are kept."""
    until, out, err = time.monotonic() + deadline_s, bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, kept in ((process.stdout, out), (process.stderr, err)):
            assert stream
            selector.register(stream, selectors.EVENT_READ, kept)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                return ChildOutput(-1, bytes(out), bytes(err), "deadline")
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, 65536)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            del err[:-4000]
            if len(out) > most:
                return ChildOutput(-1, bytes(out), bytes(err), "length")
    try:
        return ChildOutput(process.wait(max(0.1, until - time.monotonic())), bytes(out), bytes(err), "")
    except subprocess.TimeoutExpired:
        return ChildOutput(-1, bytes(out), bytes(err), "deadline")


def at_once() -> int:
    """As many as this process may use processors."""
    return max(1, len(os.sched_getaffinity(0)))


def each(
    items: Iterable[Item], work: Callable[[Item], Result], children: Children, width: int | None = None
) -> Iterator[tuple[Item, Result]]:
    """Do the work for each item, `width` (as many as there are processors) at once, and yield each result as it comes.
    However it is left, no child remains."""
    with ThreadPoolExecutor(max_workers=width or at_once()) as pool:
        waiting = {pool.submit(work, item): item for item in items}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            children.stop()
            raise
