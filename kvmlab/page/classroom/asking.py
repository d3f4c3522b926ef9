"""A student's kvmlab, as the desk runs it: its output comes by a socket, what it said at its end by the desk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

from kvmlab.classroom.door.line import DeskLine
from kvmlab.errors import CannotRun
from kvmlab.page.commands import LINE_BYTES, Commands, Running
from kvmlab.page.pty import Pty
from kvmlab.words import t


class DeskProcess:
    """A kvmlab that the desk runs; see kvmlab.page.commands.Running."""

    def __init__(self, stdout: asyncio.StreamReader, stdin: asyncio.StreamWriter | None) -> None:
        self.stdout, self.stdin, self.stderr = stdout, stdin, asyncio.StreamReader()
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def has_ended(self, said: Mapping[str, Any]) -> None:
        """The desk says how."""
        status, text = said.get("status"), said.get("said")
        self.returncode = status if isinstance(status, int) else 70
        self.stderr.feed_data(str(text or "").encode())
        self.stderr.feed_eof()
        self._ended.set()

    async def wait(self) -> int:
        """Its exit status."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


class DeskPty:
    """A terminal that the desk has opened. It ends where its other side is closed."""

    def __init__(self, master: int) -> None:
        self.master, self._status = master, None if master >= 0 else 0
        os.set_blocking(master, False)

    def poll(self) -> int | None:
        """0 once it is closed; how its process ended is not known here."""
        return self._status

    def hang_up(self, number: signal.Signals) -> None:
        """What reads it closes it now."""
        self._status = 0

    def close(self) -> None:
        """The kernel hangs up (SIGHUP)."""
        self._status = 0
        os.close(self.master)


class DeskCommands(Commands):
    """The commands of one session."""

    def __init__(self, desk: DeskLine, session: str) -> None:
        super().__init__()
        self._desk, self._session = desk, session

    async def _handed(self, verb: str, lang: str, words: tuple[str, ...]) -> tuple[Mapping[str, Any], int]:
        message = await self._desk.ask(verb, session=self._session, lang=lang, words=words)
        if message.terminal is None:
            raise CannotRun(str(message.said.get("refused") or t("That cannot be done now.")))
        return message.said, message.terminal

    @contextlib.asynccontextmanager
    async def running(self, lang: str, *words: str, reads: bool = False) -> AsyncIterator[Running]:
        said, number = await self._handed("run", lang, words)
        stdout, stdin = await asyncio.open_connection(sock=socket.socket(fileno=number), limit=LINE_BYTES)
        process, run = DeskProcess(stdout, stdin if reads else None), said.get("run")
        waits = asyncio.create_task(self._told(process, run))
        try:
            yield process
        finally:
            stdin.close()
            if process.returncode is None:
                await self._desk.ask("end", session=self._session, run=run)
            await asyncio.gather(waits, return_exceptions=True)

    async def _told(self, process: DeskProcess, run: object) -> None:
        process.has_ended((await self._desk.ask("wait", session=self._session, run=run)).said)

    async def terminal(self, lang: str, *words: str) -> Pty:
        return DeskPty((await self._handed("terminal", lang, words))[1])
