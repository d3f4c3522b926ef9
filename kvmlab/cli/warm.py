"""A process that has loaded what a check needs, and forks for each command line that it is asked to run.

Three quarters of what a check takes are Python starting and modules being loaded. This process has no threads and opens
nothing, so that a fork of it is as good as a new one (fork(2)); the course, the record of the run and the lab host are
read by the fork, as any `kvmlab` reads them. Rejected: one process that keeps connections and answers itself; what one
check leaves behind would be there in the next.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import BinaryIO

_MOST_BYTES = 65536
_LOADED = (
    "libvirt", "paramiko", "kvmlab.cli.main", "kvmlab.cli.verbs.check", "kvmlab.cli.verbs.hint",
    "kvmlab.cli.verbs.show", "kvmlab.cli.verbs.status", "kvmlab.course", "kvmlab.grading.as_it_was",
    "kvmlab.grading.load", "kvmlab.grading.runner", "kvmlab.guest.guests", "kvmlab.host.connection",
    "kvmlab.host.events", "kvmlab.host.reader", "kvmlab.host.surroundings", "kvmlab.observe.grade",
    "kvmlab.receipts.evidence", "kvmlab.remote.host_connection", "kvmlab.report.progress", "kvmlab.report.terminal",
    "kvmlab.setup.start_record",
)  # fmt: skip


class WarmRun:
    """A command line that is being carried out: its `output` (standard output and standard error), then its status."""

    def __init__(self, output: BinaryIO, status: BinaryIO) -> None:
        self.output, self._status = output, status

    def status(self) -> int:
        """Its exit status, once it has ended; 70 where nobody can say."""
        told = self._status.read(1)
        return told[0] if told else 70

    def close(self) -> None:
        """Whatever it still says, nobody listens."""
        self.output.close()
        self._status.close()


class Warm:
    """The process, from outside. It ends when this end of its socket is closed; where it has died, another begins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, self._process = _begun()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def run(self, argv: Sequence[str], columns: int) -> WarmRun:
        """Begin `kvmlab ARGV…` for a terminal of so many columns. OSError where this computer cannot."""
        message = json.dumps([columns, *argv]).encode()
        with contextlib.ExitStack() as ours:
            output, there = os.pipe()
            status, told = os.pipe()
            for number in (there, told):
                ours.callback(os.close, number)
            answer = WarmRun(os.fdopen(output, "rb"), os.fdopen(status, "rb"))
            try:
                self._ask(message, [there, told])
            except OSError:
                answer.close()
                raise
            return answer

    def _ask(self, message: bytes, fds: list[int]) -> None:
        with self._lock:
            try:
                socket.send_fds(self._socket, [message], fds)
            except OSError:
                self.close()
                self._socket, self._process = _begun()
                socket.send_fds(self._socket, [message], fds)

    def close(self) -> None:
        """End it; what it has begun goes on to its end."""
        self._socket.close()
        self._process.wait()


def _begun() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "kvmlab.cli.warm", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that a Ctrl-C at the shell is not for it
        )
    return ours, process


def main(number: int) -> None:
    """Load, then fork for each message, until the other end has gone."""
    asked = socket.socket(fileno=number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _LOADED:
        import_module(name)
    gc.freeze()
    begun: dict[int, int] = {}
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: _tell(begun))
    while True:
        message, fds, _, _ = socket.recv_fds(asked, _MOST_BYTES, 2)
        if not message:
            return
        output, told = fds
        with _held(signal.SIGCHLD):
            child = os.fork()
            if child == 0:
                asked.close()
                for number in (told, *begun.values()):
                    os.close(number)
                _become(json.loads(message), output)
            begun[child] = told
        os.close(output)


@contextlib.contextmanager
def _held(number: signal.Signals) -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])


def _tell(begun: dict[int, int]) -> None:
    """Say the status of each child that has ended."""
    for child in list(begun):
        with contextlib.suppress(ChildProcessError):
            pid, ended = os.waitpid(child, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(ended)
                with contextlib.suppress(OSError):  # nobody waits for it any more
                    os.write(begun[child], bytes([code if code >= 0 else 128 - code]))
                os.close(begun.pop(child))


def _become(message: list[str | int], output: int) -> None:
    """In the fork: be `kvmlab ARGV…`, and end."""
    from kvmlab.cli.main import main as kvmlab

    try:
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        columns, *argv = message
        os.environ["COLUMNS"] = str(columns)
        sys.argv = ["kvmlab", *map(str, argv)]
        kvmlab()
    finally:
        os._exit(70)


if __name__ == "__main__":
    main(int(sys.argv[1]))
