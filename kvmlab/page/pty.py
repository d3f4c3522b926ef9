"""What runs behind a terminal of the page: a process on a pty of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import Protocol


class Pty(Protocol):
    """A process on a pty of its own. `master`: the pty's other side (pty(7)), which does not block."""

    master: int

    def poll(self) -> int | None:
        """The process's exit status, None while it runs."""

    def hang_up(self, number: signal.Signals) -> None:
        """Tell it to end: SIGHUP first, then SIGKILL."""

    def close(self) -> None:
        """Close the other side; not twice."""


class OwnPty:
    """A process that we begin."""

    def __init__(self, argv: list[str]) -> None:
        self.master, slave = os.openpty()
        os.set_blocking(self.master, False)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        try:
            # setsid(1): its own session with this pty, so that it is told of a new size and of our end.
            self._process = subprocess.Popen(
                ["setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave, env=environment
            )
        finally:
            os.close(slave)

    def poll(self) -> int | None:
        return self._process.poll()

    def hang_up(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        os.close(self.master)
