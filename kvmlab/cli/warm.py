"""A process that has loaded what a check needs, and forks for each command line that it is asked to run.

Three quarters of what a check takes are Python starting and modules being loaded. This process has no threads and opens
nothing, so that a fork of it is as good as a new one (fork(2)); the course, the record of the run and the lab host are
read by the fork, as any `kvmlab` reads them. Here is its outside; what it does is in kvmlab.cli.forking.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import BinaryIO

MOST_BYTES, _MOST_COMPLAINTS = 65536, 20_000
PID = struct.Struct("=i")
_LOAD_S = 120


class WarmRun:
    """A command line that is being carried out: its `output` (standard output and standard error), then its status."""

    def __init__(self, output: BinaryIO, status: BinaryIO) -> None:
        self.output, self._status = output, status

    def status(self) -> int:
        """Its exit status, once it has ended; 70 where nobody can say."""
        told = self._status.read(PID.size + 1)
        return told[-1] if len(told) > PID.size else 70

    def close(self) -> None:
        """Whatever it still says, nobody listens."""
        self.output.close()
        self._status.close()


class Forked:
    """A command line that is being carried out, in a session of its own and ending with the process that forks: as
    subprocess.Popen has one whose standard error is read. Of what it says there the last is kept."""

    def __init__(self, stderr: BinaryIO, told: int) -> None:
        self.stderr = stderr
        self.returncode: int | None = None
        self._told, self._heard, self._said = told, b"", bytearray()
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, told)

    @property
    def pid(self) -> int:
        """Its process id, once it has one; ProcessLookupError where it gets none."""
        until = time.monotonic() + _LOAD_S
        with contextlib.suppress(subprocess.TimeoutExpired):
            while len(self._heard) < PID.size and self.returncode is None:
                self._hear(until)
        if len(self._heard) < PID.size:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        return int(PID.unpack_from(self._heard)[0])

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, as the shell has it; subprocess.TimeoutExpired where it has none after so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            self._hear(until)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[None, bytes]:
        """Its last complaints, once it has ended; subprocess.TimeoutExpired likewise."""
        until = time.monotonic() + timeout
        while not self.stderr.closed:
            _must_come(self.stderr.fileno(), until)
            piece = os.read(self.stderr.fileno(), 65536)
            self._said += piece
            del self._said[:-_MOST_COMPLAINTS]
            if not piece:
                self.stderr.close()
        self.wait(until - time.monotonic())
        return None, bytes(self._said)

    def _hear(self, until: float | None) -> None:
        """Take in more of what is told: its process id, then its status. Several threads may wait for that."""
        _must_come(self._told, until)
        with self._lock:
            if self.returncode is None and _is_readable(self._told, 0):
                piece = os.read(self._told, PID.size + 1)
                self._heard += piece
                if not piece or len(self._heard) > PID.size:
                    self.returncode = self._heard[-1] if piece else 70


def _is_readable(number: int, within_s: float | None) -> bool:
    """Whether there is something to read, or the end, within so many seconds; None: however long it takes."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(None if within_s is None else within_s * 1000))


def _must_come(number: int, until: float | None) -> None:
    left = None if until is None else max(0.0, until - time.monotonic())
    if not _is_readable(number, left):
        raise subprocess.TimeoutExpired("kvmlab", left or 0)


class Warm:
    """The process, from outside. It ends when this end of its socket is closed; where it has died, another begins.

    `lab`: a course, and a lab of it that is checked again and again: connections to it are made beforehand.
    """

    def __init__(self, lab: tuple[str, str] | None = None) -> None:
        self._lock = threading.Lock()
        self._lab = lab or ()
        self._socket, self._process = _begun(self._lab)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def run(self, argv: Sequence[str], columns: int) -> WarmRun:
        """Begin `kvmlab ARGV…` for a terminal of so many columns. OSError where this computer cannot."""
        output, told = self._begin(argv, {"COLUMNS": str(columns)}, own=False)
        return WarmRun(os.fdopen(output, "rb"), os.fdopen(told, "rb"))

    def begin(self, argv: Sequence[str], environ: Mapping[str, str]) -> Forked:
        """Begin `kvmlab ARGV…` with that environment, nothing on standard input and output. OSError likewise."""
        changed: dict[str, str | None] = {name: None for name in os.environ if name not in environ}
        changed |= {name: value for name, value in environ.items() if os.environ.get(name) != value}
        output, told = self._begin(argv, changed, own=True)
        return Forked(os.fdopen(output, "rb", buffering=0), told)

    def _begin(self, argv: Sequence[str], environ: Mapping[str, str | None], *, own: bool) -> tuple[int, int]:
        """Where its output is read, and what is told of it."""
        message = json.dumps([list(argv), environ, own]).encode()
        (output, said), (told, tell) = os.pipe(), os.pipe()
        try:
            self._ask(message, [said, tell])
        except OSError:
            os.close(output)
            os.close(told)
            raise
        finally:
            os.close(said)
            os.close(tell)
        return output, told

    def _ask(self, message: bytes, fds: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._socket, [message], fds)
            except OSError:
                self.close()
                self._socket, self._process = _begun(self._lab)
                socket.send_fds(self._socket, [message], fds)

    def close(self) -> None:
        """End it; what it has begun goes on to its end, but for what is `Forked`."""
        self._socket.close()
        self._process.wait()


def _begun(lab: Sequence[str]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "kvmlab.cli.forking", str(theirs.fileno()), *lab],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that a Ctrl-C at the shell is not for it
        )
    return ours, process
