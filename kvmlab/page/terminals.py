"""Terminals that outlive a connection: a pty with `kvmlab shell` behind it, its last output kept, read by many.

What a browser has not yet shown, it has not acknowledged; while even the quickest of those that look is WINDOW
behind, the pty is not read, so the program behind it waits and Ctrl-C is answered at once. A slower one is given
what is still kept. With nobody looking, output is read slowly and the last of it kept.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import signal
import struct
import termios
from collections.abc import Awaitable, Callable
from typing import Any

from kvmlab.page.pty import Pty

KEPT = 256 << 10
"""Bytes of output that are kept for whoever comes back."""
WINDOW = 96 << 10
"""Bytes that may be on their way, unshown."""
FRAME = 32 << 10
TYPED = 64 << 10
"""Bytes of input that may wait for a program that does not read."""
UNSEEN_BYTES_PER_S = 2 << 20
HANG_UP_S = 20.0
"""How long a program may take to end once its terminal is closed."""
LEAVE_S = 3600.0
"""How long a terminal nobody looks at is kept."""


class Viewer:
    """One connection to a terminal. `sent`, `shown`: offsets in all of its output."""

    def __init__(self, since: int) -> None:
        self.sent = self.shown = since


class PageTerminal:
    """A terminal, with what was printed on it last."""

    def __init__(self, pty: Pty, on_output: Callable[[], None] = lambda: None) -> None:
        self.id = secrets.token_hex(8)
        self.status: int | None = None
        self.viewers: set[Viewer] = set()
        self.left = asyncio.get_running_loop().time()
        self._on_output = on_output
        self._kept, self._total = bytearray(), 0
        self._typed = bytearray()
        self._changed = asyncio.Condition()
        self._pty, self._master = pty, pty.master
        self._open = True  # once it is closed, its number may be another terminal's
        self.resize(100, 30)
        self._reader = asyncio.create_task(self._read())

    @property
    def begin(self) -> int:
        """The offset of the first byte that is still kept."""
        return self._total - len(self._kept)

    def look(self, terminal_id: str, since: int) -> tuple[Viewer, bool]:
        """A new viewer who has seen this terminal's output up to `since`; True: what it shows must be wiped first."""
        known = terminal_id == self.id and self.begin <= since <= self._total
        viewer = Viewer(since if known else self.begin)
        self.viewers.add(viewer)
        return viewer, not known

    async def leave(self, viewer: Viewer) -> None:
        """It does not look any more."""
        self.viewers.discard(viewer)
        self.left = asyncio.get_running_loop().time()
        await self._tell()

    async def next(self, viewer: Viewer) -> tuple[bytes, bool] | None:
        """What comes next for it, and whether output before that was lost to it; None at the terminal's end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._may_send(viewer) or self.status is not None)
            lost = viewer.sent < self.begin
            viewer.sent = max(viewer.sent, self.begin)
            viewer.shown = max(viewer.shown, viewer.sent - WINDOW) if lost else viewer.shown
            piece = bytes(self._kept[viewer.sent - self.begin :][:FRAME])
            viewer.sent += len(piece)
            return (piece, lost) if piece else None

    async def acknowledge(self, viewer: Viewer, shown: int) -> None:
        """It has shown all up to this offset."""
        viewer.shown = min(max(viewer.shown, shown), viewer.sent)
        await self._tell()

    def type(self, text: bytes) -> None:
        """Input for the program; dropped where it does not read what it was given before."""
        if self._open and len(self._typed) + len(text) <= TYPED:
            self._typed += text
            self._write()

    def resize(self, columns: int, rows: int) -> None:
        """The window's size, in characters."""
        size = struct.pack("HHHH", min(max(rows, 2), 500), min(max(columns, 10), 1000), 0, 0)
        if self._open:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    async def close(self) -> None:
        """Hang up, as a terminal that is closed does (SIGHUP), and wait until it is gone."""
        for number in (signal.SIGHUP, signal.SIGKILL):
            self._pty.hang_up(number)
            for _ in range(int(HANG_UP_S / 0.05)):
                if self._pty.poll() is not None:
                    break
                await asyncio.sleep(0.05)
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        if self._open:  # the reader had not even begun
            self._stop()
        await self._ended()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _ended(self) -> None:
        self.status = self._pty.poll()
        self.status = -1 if self.status is None else self.status
        await self._tell()

    def _may_send(self, viewer: Viewer) -> bool:
        return viewer.sent < self._total and viewer.sent - viewer.shown < WINDOW

    def _may_read(self) -> bool:
        return not self.viewers or any(self._total - one.shown < WINDOW for one in self.viewers)

    async def _read(self) -> None:
        try:
            while True:
                async with self._changed:
                    await self._changed.wait_for(self._may_read)
                piece = await self._piece()
                if not piece:
                    break
                self._on_output()
                async with self._changed:
                    self._kept += piece
                    self._total += len(piece)
                    del self._kept[:-KEPT]
                    self._changed.notify_all()
                if not self.viewers:
                    await asyncio.sleep(len(piece) / UNSEEN_BYTES_PER_S)
        finally:
            self._stop()
        while self._pty.poll() is None:
            await asyncio.sleep(0.05)
        await self._ended()

    async def _piece(self) -> bytes:
        """Some output; a pty gives 4 KiB at a time, so as many of these as there are. b"" at the end (EIO, pty(7))."""
        found = bytearray()
        while len(found) < FRAME:
            try:
                piece = os.read(self._master, FRAME)
            except BlockingIOError:
                if found:
                    break
                await self._readable()
                continue
            except OSError:
                break
            if not piece:
                break
            found += piece
        return bytes(found)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._master, _happened, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._master)

    def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            del self._typed[: os.write(self._master, self._typed)]
        except BlockingIOError:
            pass
        except OSError:
            self._typed.clear()
        if self._typed:
            loop.add_writer(self._master, self._write)
        else:
            loop.remove_writer(self._master)

    def _stop(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_writer(self._master)
        self._typed.clear()
        self._open = False
        self._pty.close()


def _happened(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class Terminals:
    """All terminals of the page, by lab and name; made when first looked at."""

    MOST = 12

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], PageTerminal] = {}
        self._opening = asyncio.Lock()

    async def get(
        self, lab: str, name: str, pty: Callable[[], Awaitable[Pty]], on_output: Callable[[], None]
    ) -> PageTerminal | None:
        """The terminal of that name; a new one where there is none, or its process has ended. None: too many."""
        async with self._opening:
            found = self._all.get((lab, name))
            if found is not None and found.status is None:
                return found
            self._all = {key: one for key, one in self._all.items() if one.status is None}
            if len(self._all) >= self.MOST:
                return None
            made = self._all[lab, name] = PageTerminal(await pty(), on_output)
            return made

    async def sweep(self) -> None:
        """For ever: hang up those at which nobody has looked for long."""
        while True:
            await asyncio.sleep(30)
            now = asyncio.get_running_loop().time()
            for one in list(self._all.values()):
                if not one.viewers and one.status is None and now - one.left > LEAVE_S:
                    await one.close()

    async def close(self) -> None:
        """Hang all up."""
        await asyncio.gather(*(one.close() for one in self._all.values() if one.status is None))


def size_of(message: dict[str, Any]) -> tuple[int, int] | None:
    """Columns and rows out of a browser's message; None where these are no sizes."""
    columns, rows = message.get("columns"), message.get("rows")
    both = isinstance(columns, int) and isinstance(rows, int) and 0 < columns < 10000 and 0 < rows < 10000
    return (columns, rows) if both else None  # type: ignore[return-value]
