"""A channel of a connection by SSH: bytes to and from the terminal that the desk has opened."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping

import asyncssh

from kvmlab.classroom.door import wire
from kvmlab.classroom.door.terminals import set_size

TYPED = 65_536
"""Bytes that wait for the terminal before the client has to wait."""


class KeepsNothing(dict[bytes, bytes]):
    """Keeps nothing."""

    def __setitem__(self, name: bytes, value: bytes) -> None: ...


class DoorChannel(asyncssh.SSHServerSession[bytes]):
    """`open_terminal`: of that kind and size; the message has it, or says why not."""

    def __init__(self, open_terminal: Callable[[str, tuple[int, int]], Awaitable[wire.Message]]) -> None:
        self._open_terminal = open_terminal
        self._loop = asyncio.get_running_loop()
        self._terminal: int | None = None
        self._reads = self._writes = self._paused = False
        self._typed = bytearray()

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is there."""
        self._chan = chan
        chan._env = KeepsNothing()  # HACK: asyncssh keeps what the client sends for it, however much that is

    def shell_requested(self) -> bool:
        """With a terminal, and not otherwise."""
        return self._chan.get_terminal_type() is not None

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        """It is taken, as it comes; its modes are not."""
        return True

    def session_started(self) -> None:
        """Ask for the terminal."""
        self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        columns, rows, *_ = self._chan.get_terminal_size()
        answer = await self._open_terminal(self._chan.get_terminal_type() or "", (columns or 80, rows or 24))
        if answer.terminal is None:
            self._chan.write(f"kvmlab: {answer.said.get('refused', '')}\r\n".encode())
            self._chan.exit(1)
        elif self._chan.is_closing():
            os.close(answer.terminal)
        else:
            self._terminal = answer.terminal
            os.set_blocking(self._terminal, False)
            self._listen()
            self._type()

    def _listen(self) -> None:
        """Read what the terminal shows, unless the client does not keep up."""
        wanted = self._terminal is not None and not self._paused
        if wanted != self._reads and self._terminal is not None:
            if wanted:
                self._loop.add_reader(self._terminal, self._show)
            else:
                self._loop.remove_reader(self._terminal)
            self._reads = wanted

    def _show(self) -> None:
        assert self._terminal is not None
        try:
            shown = os.read(self._terminal, 32_768)
        except BlockingIOError:
            return
        except OSError:  # EIO: nobody is on the other side any more
            shown = b""
        if shown:
            self._chan.write(shown)
        else:
            self._close()
            self._chan.exit(0)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Type it."""
        self._typed += data
        if len(self._typed) > TYPED:
            self._chan.pause_reading()
        self._type()

    def _type(self) -> None:
        if self._terminal is None:
            return
        with contextlib.suppress(BlockingIOError):
            try:
                while self._typed:
                    del self._typed[: os.write(self._terminal, self._typed[:4096])]
            except BlockingIOError:
                raise
            except OSError:
                self._typed.clear()
        if bool(self._typed) != self._writes:
            self._writes = bool(self._typed)
            if self._writes:
                self._loop.add_writer(self._terminal, self._type)
            else:
                self._loop.remove_writer(self._terminal)
        if len(self._typed) <= TYPED:
            self._chan.resume_reading()

    def pause_writing(self) -> None:
        """The client does not keep up: the terminal has to wait."""
        self._paused = True
        self._listen()

    def resume_writing(self) -> None:
        """It does again."""
        self._paused = False
        self._listen()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """The window is of another size."""
        if self._terminal is not None:
            set_size(self._terminal, (width, height))

    def eof_received(self) -> bool:
        """A client whose input ends may still want to see."""
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Hang up."""
        self._close()

    def _close(self) -> None:
        if self._terminal is not None:
            if self._reads:
                self._loop.remove_reader(self._terminal)
            if self._writes:
                self._loop.remove_writer(self._terminal)
            os.close(self._terminal)
            self._terminal = None
            self._reads = self._writes = False
