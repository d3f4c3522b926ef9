"""A kvmlab that runs for a session of the page: what it says, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess

SAID = 20_000
"""Bytes of what a kvmlab says on standard error that are kept, the last ones."""
END_S = 10.0
"""How long one that is told to end may take."""


class PageRun:
    """Whose session it is for, and the process, which leads a group of its own."""

    def __init__(self, session: str, student: str, process: subprocess.Popen[bytes]) -> None:
        self.session, self.student, self.process, self.said = session, student, process, b""
        self.ended = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        """Until it has ended; what it says meanwhile is kept."""
        loop, gone, stderr = asyncio.get_running_loop(), asyncio.Event(), self.process.stderr
        number = os.pidfd_open(self.process.pid)
        loop.add_reader(number, gone.set)
        if stderr:
            os.set_blocking(stderr.fileno(), False)
            loop.add_reader(stderr.fileno(), self._hear)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(number)
            os.close(number)
            if stderr:
                self._hear()
                loop.remove_reader(stderr.fileno())
                stderr.close()
        self.process.wait()

    def _hear(self) -> None:
        assert self.process.stderr
        with contextlib.suppress(OSError):
            if piece := os.read(self.process.stderr.fileno(), 65536):
                self.said = (self.said + piece)[-SAID:]
            else:
                asyncio.get_running_loop().remove_reader(self.process.stderr.fileno())

    def tell(self, number: signal.Signals) -> None:
        """Send it, and all it has begun, a signal."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    async def end(self) -> None:
        """It is asked to end, and killed if that does not help."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.tell(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self.ended), END_S)
                return
