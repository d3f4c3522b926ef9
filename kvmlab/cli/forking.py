"""What the process does that is loaded already (kvmlab.cli.warm): a fork for each command line.

Told of a lab, it has one fork ahead, which has connected to the lab host and its guests and waits for the next check
(kvmlab.host.standing). Each fork carries out one command line, so that nothing one check leaves behind is there in the
next. Rejected: one process that keeps connections and answers itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module

from kvmlab.cli.warm import MOST_BYTES, PID
from kvmlab.process import PARENT

PAUSE_S = 0.5
"""How long the fork ahead lets others have the processor, before it connects: those who have just asked."""
KEPT_S = 300.0
"""How long its connections stand: who has not asked for so long waits for new ones."""
_LOADED = (
    "ctypes", "libvirt", "paramiko", "kvmlab.cli.evidence", "kvmlab.cli.main", "kvmlab.cli.verbs.check",
    "kvmlab.cli.verbs.hint", "kvmlab.cli.verbs.show", "kvmlab.cli.verbs.status", "kvmlab.course",
    "kvmlab.course.catalogue", "kvmlab.course.store", "kvmlab.course.version", "kvmlab.grading.as_it_was",
    "kvmlab.grading.evidence", "kvmlab.grading.load", "kvmlab.grading.runner", "kvmlab.guest.guests",
    "kvmlab.host.connection", "kvmlab.host.events", "kvmlab.host.reader", "kvmlab.host.standing",
    "kvmlab.host.surroundings", "kvmlab.labhost.own_limits", "kvmlab.labhost.place", "kvmlab.labhost.preference",
    "kvmlab.labhost.together", "kvmlab.observe.grade", "kvmlab.receipts.evidence", "kvmlab.remote.host_connection",
    "kvmlab.report.document", "kvmlab.report.progress", "kvmlab.report.terminal", "kvmlab.setup.start_record",
)  # fmt: skip


def main(number: int, *lab: str) -> None:
    """Load, then fork for each message, until the other end has gone."""
    asked = socket.socket(fileno=number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _LOADED:
        import_module(name)
    gc.freeze()
    forks = _Forks(asked, lab)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: forks.tell())
    while True:
        forks.have_one_ahead()
        message, fds, _, _ = socket.recv_fds(asked, MOST_BYTES, 2)
        if not message:
            return
        forks.give(message, *fds)


class _Forks:
    """Those that carry something out, each with where its status is to be told, and the one ahead, if there is one."""

    def __init__(self, asked: socket.socket, lab: Sequence[str]) -> None:
        self._asked, self._lab = asked, lab
        self._begun: dict[int, int] = {}
        self._ahead: tuple[int, socket.socket] | None = None

    def have_one_ahead(self) -> None:
        """Begin it, where there is a lab to connect to and none has begun."""
        if self._ahead is not None or not self._lab:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _held(signal.SIGCHLD), theirs:
            child = os.fork()
            if child == 0:
                ours.close()
                self._close()
                _wait_ahead(theirs, *self._lab)
            self._ahead = child, ours

    def give(self, message: bytes, output: int, told: int) -> None:
        """Have the message carried out: a check of the lab by the one ahead, all else by a new one."""
        with _held(signal.SIGCHLD):
            child = self._handed_over(message, output) or os.fork()
            if child == 0:
                os.close(told)
                self._close()
                _become(message, output)
            self._begun[child] = told
            with contextlib.suppress(OSError):  # nobody waits for it any more
                os.write(told, PID.pack(child))
        os.close(output)

    def _handed_over(self, message: bytes, output: int) -> int:
        """The number of the one ahead, which has it now; 0 where it is not for it, or there is none."""
        argv, _, own = json.loads(message)
        if self._ahead is None or own or "check" not in argv or self._lab[-1] not in argv:
            return 0
        (child, way), self._ahead = self._ahead, None
        with way:
            try:
                socket.send_fds(way, [message], [output])
            except OSError:  # it has been killed
                os.waitpid(child, 0)
                return 0
        return child

    def tell(self) -> None:
        """Say the status of each that has ended."""
        for child in list(self._begun):
            with contextlib.suppress(ChildProcessError):
                pid, ended = os.waitpid(child, os.WNOHANG)
                if pid:
                    code = os.waitstatus_to_exitcode(ended)
                    with contextlib.suppress(OSError):  # nobody waits for it any more
                        os.write(self._begun[child], bytes([code if code >= 0 else 128 - code]))
                    os.close(self._begun.pop(child))

    def _close(self) -> None:
        """In a fork: what is not for it."""
        self._asked.close()
        for number in self._begun.values():
            os.close(number)
        if self._ahead is not None:
            self._ahead[1].close()


@contextlib.contextmanager
def _held(number: signal.Signals) -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])


def _wait_ahead(asked: socket.socket, course: str, lab: str) -> None:
    """In the fork ahead: connect, and be `kvmlab ARGV…` once that is asked for."""
    from kvmlab.host import standing

    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        if not _asked_within(asked, PAUSE_S):
            _connect(course, lab)
            if not _asked_within(asked, KEPT_S):
                standing.let_go()
        message, fds, _, _ = socket.recv_fds(asked, MOST_BYTES, 1)
        asked.close()
        if message:
            _become(message, fds[0])
    finally:
        os._exit(70)


def _asked_within(asked: socket.socket, seconds: float) -> bool:
    return bool(select.select([asked], [], [], seconds)[0])


def _connect(course: str, lab: str) -> None:
    """Whatever prevents it is for the check to say."""
    from kvmlab.cli.context import Context
    from kvmlab.cli.lab import RunningLab
    from kvmlab.host.standing import stand
    from kvmlab.slowness import given_patience

    with contextlib.suppress(Exception):
        running = RunningLab.of(Context(course=course), lab)
        stand(running.root, running.ctx.state.key_pair("look_key"), running.lab.guests, given_patience())


def _become(message: bytes, output: int) -> None:
    """In the fork: be the `kvmlab ARGV…` of the message, and end. Its `own`: in a session of its own, without output,
    and with its parent."""
    from kvmlab.cli.main import main as kvmlab

    try:
        argv, environ, own = json.loads(message)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        if own:
            os.setsid()
            environ = {**environ, PARENT: str(os.getppid())}
        for stream in (2,) if own else (1, 2):
            os.dup2(output, stream)
        os.close(output)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        for name, value in environ.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        sys.argv = ["kvmlab", *argv]
        kvmlab()
    finally:
        os._exit(70)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
