"""What runs on a student's terminal, and its end: whatever was started there goes, but lab hosts stay.

The kernel hangs up when the last holder of a terminal's other side is gone (the front has closed it, or died): its
session gets SIGHUP. What does not heed that is found by its session (setsid(2)) and killed. A shell on a lab host is
held there by a conmon(8) of podman's own, which outlives podman; it falls to its nearest ancestor that collects orphans
(prctl(2), PR_SET_CHILD_SUBREAPER), and is known by its command line.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import itertools
import os
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Collection, Mapping, Sequence

from kvmlab.process import processes

_SUBREAPER = 36  # linux/prctl.h
_IUTF8 = 0o40000  # asm-generic/termbits.h: a backspace takes a whole letter; Python has no name for it
_LEADING = ("setsid", "--ctty")
"""setsid(1): a session of its own, with the terminal to control it, before the first line of its program."""
HANGUP_S = 5.0
"""How long who was hung up on may take to end."""


class DoorTerminal:
    """A terminal with a process that leads it. Whoever has `other_side` sees and types; it is the caller's to close."""

    def __init__(self, student: str, argv: Sequence[str], environ: Mapping[str, str], size: tuple[int, int]) -> None:
        self.student, self._told_at = student, 0.0
        self.other_side, side = os.openpty()
        try:
            set_size(side, size)
            settings = termios.tcgetattr(side)
            settings[0] |= _IUTF8
            termios.tcsetattr(side, termios.TCSANOW, settings)
            streams = {"stdin": side, "stdout": side, "stderr": side}
            self._leader = subprocess.Popen([*_LEADING, *argv], env=environ, cwd="/", **streams)  # type: ignore[call-overload]
        except BaseException:
            os.close(self.other_side)
            raise
        finally:
            os.close(side)

    @property
    def pid(self) -> int:
        """The leader, and the session's number."""
        return int(self._leader.pid)

    def ended(self) -> bool:
        """Whether its leader has ended; then nobody of its session is left, either."""
        if self._leader.returncode is None:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
            kill_session(self.pid)  # while the leader's number is still taken
            self._leader.wait()
        return True

    def hang_up(self) -> None:
        """Tell it to end; asked again HANGUP_S later, it is killed."""
        if self.ended():
            return
        if not self._told_at:
            self._told_at = time.monotonic()
            os.kill(self.pid, signal.SIGHUP)
        elif time.monotonic() - self._told_at > HANGUP_S:
            os.kill(self.pid, signal.SIGKILL)


def set_size(terminal: int, size: tuple[int, int]) -> None:
    """Columns and rows (ioctl_tty(2), TIOCSWINSZ), within reason."""
    columns, rows = (min(1000, max(1, one)) for one in size)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def collect_orphans() -> None:
    """From now on those whose parent ends below this process are its children."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def kill_session(session: int) -> None:
    """Kill all of a session but its leader, until there are none."""
    for _ in range(100):
        found = [pid for pid, one in processes().items() if one.session == session and pid != session and not one.dead]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def sweep_orphans(known: Collection[int]) -> None:
    """Of our children that are not `known`: kvmlabs and those that hold a shell on a lab host are killed, the dead are
    buried. A conmon that holds a lab host itself stays, and so does what else podman keeps running.
    """
    ours = os.getpid()
    for pid, one in processes().items():
        if one.parent != ours or pid in known:
            continue
        if _must_end(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _must_end(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:  # noqa: PTH123
            words = stream.read(65536).split(b"\0")
    except OSError:
        return False
    holds_a_shell = words[0].rpartition(b"/")[2] == b"conmon" and b"--exec-process-spec" in words
    return holds_a_shell or any(one == b"-m" and name.startswith(b"kvmlab") for one, name in itertools.pairwise(words))
