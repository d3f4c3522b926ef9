"""The process that faces the network: an SSH server that can do nothing but ask the desk.

It takes one kind of channel, a terminal with a shell; commands, subsystems (SFTP, SCP), forwarding of ports, sockets,
agents and X11, and the client's environment variables are refused or ignored. asyncssh refuses what it is not told to
take; tests/classroom/door hold that it stays so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from typing import NoReturn

import asyncssh

from kvmlab import words
from kvmlab.classroom.door import wire
from kvmlab.classroom.door.confine import confine
from kvmlab.classroom.door.line import DeskLine, Here
from kvmlab.classroom.door.logins import plain_key
from kvmlab.classroom.door.terminals import set_size
from kvmlab.words import t

LOGIN_S = 60
"""How long somebody may take to come in, and then to ask for a terminal."""
TRIES, KEYS = 5, 20
"""How many codes and keys may be tried over one connection."""
MOST, MOST_OUTSIDE, MOST_FROM_ONE, MOST_OF_ONE = 450, 300, 150, 6
"""Connections in all, those that have not come in yet, from one address (a school may have but one), of one student."""
ALIVE_S, ALIVE = 30, 4
"""How often a silent client is asked whether it is there, and how often it may not answer."""
TYPED = 65_536
"""Bytes that wait for the terminal before the client has to wait."""


class Counted:
    """The connections there are; `outside`: those that have not come in yet, the oldest first, and from where."""

    def __init__(self) -> None:
        self.all, self.outside = 0, dict[DoorConnection, str]()
        self.by_address, self.by_student = Counter[str](), Counter[str]()

    def makes_room(self, address: str) -> bool:
        """Whether another one from there is not one too many. Where there are too many already, the one that has been
        outside longest goes for it: who only holds connections open keeps nobody out."""
        if self.by_address[address] >= MOST_FROM_ONE:
            longest = next((one for one, its in self.outside.items() if its == address), None)
        elif self.all >= MOST or len(self.outside) >= MOST_OUTSIDE:
            longest = next(iter(self.outside), None)
        else:
            return True
        if longest is not None:
            longest.goes()
        return longest is not None


class DoorConnection(asyncssh.SSHServer):
    """One connection: who it is, and what they have tried."""

    def __init__(self, desk: DeskLine, counted: Counted) -> None:
        self._desk, self._counted = desk, counted
        self._address, self._tries, self._asked_keys = "", 0, 0
        self._is_counted = self._has_terminal = False
        self._student = ""
        self._ticket: tuple[str, str] | None = None
        self._known: tuple[str, str] | None = None
        self._shown: list[str] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count it, or hang up."""
        self._conn, counted = conn, self._counted
        self._address = str((conn.get_extra_info("peername") or ("?",))[0])
        if not counted.makes_room(self._address):
            conn.abort()
            return
        self._is_counted = True
        counted.all += 1
        counted.outside[self] = self._address
        counted.by_address[self._address] += 1

    def goes(self) -> None:
        """It has been outside for too long."""
        del self._counted.outside[self]
        self._conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is no more."""
        counted = self._counted
        if self._is_counted:
            counted.all -= 1
            counted.outside.pop(self, None)
            counted.by_address -= Counter([self._address])
            counted.by_student -= Counter([self._student])

    def begin_auth(self, username: str) -> bool:
        """Everybody has to show something."""
        return True

    def auth_completed(self) -> None:
        """They have come in, and have to ask for a terminal soon."""
        counted = self._counted
        self._student = str(self._conn.get_extra_info("username"))
        counted.outside.pop(self, None)
        counted.by_student += Counter([self._student])
        if counted.by_student[self._student] > MOST_OF_ONE:
            self._hang_up(t("You have come in too often already."))
        asyncio.get_running_loop().call_later(LOGIN_S, self._must_have_terminal)

    def _must_have_terminal(self) -> None:
        if not self._has_terminal:
            self._hang_up(t("There is nothing here but a terminal."))

    def _hang_up(self, why: str) -> None:
        self._conn.disconnect(asyncssh.DISC_BY_APPLICATION, why)

    def public_key_auth_supported(self) -> bool:
        """Keys let in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the key is one of theirs; asyncssh asks it to sign, and calls this again before."""
        self._asked_keys += 1
        if self._asked_keys > 2 * KEYS:
            self._conn.abort()
            return False
        plain = plain_key(key)
        answer = await self._desk.ask("key", student=username, key=plain)
        if answer.said.get("known") is True:
            self._known = (username, plain)
            return True
        if plain not in self._shown and len(self._shown) < TRIES:
            self._shown.append(plain)
        return False

    def kbdint_auth_supported(self) -> bool:
        """Codes let in."""
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> asyncssh.auth.KbdIntChallenge:
        """Ask for the code; it is shown as it is typed, for it is of no use afterwards."""
        return self._challenge("")

    def _challenge(self, said: str) -> asyncssh.auth.KbdIntChallenge:
        return "", said, "", [(t("Code (from your slip): "), True)]

    async def validate_kbdint_response(
        self, username: str, responses: asyncssh.auth.KbdIntResponse
    ) -> asyncssh.auth.KbdIntChallenge:
        """Whether the code lets them in; else the next try."""
        self._tries += 1
        code = responses[0][:100] if responses else ""
        asked = {"student": username, "code": code, "address": self._address, "keys": self._shown}
        answer = await self._desk.ask("code", **asked)
        ticket = answer.said.get("ticket")
        if isinstance(ticket, str):
            self._ticket = (username, ticket)
            return True
        if self._tries >= TRIES:
            self._hang_up(t("Five codes were tried."))
            return False
        return self._challenge(str(answer.said.get("refused", ""))[:300])

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        """One terminal a connection."""
        if self._has_terminal:
            return False
        self._has_terminal = True
        return DoorChannel(self)

    async def terminal(self, term: str, size: tuple[int, int]) -> wire.Message:
        """A terminal of whoever has come in: by their code's ticket, or as who has signed with one of their keys."""
        ticket: object = None
        if self._ticket and self._ticket[0] == self._student:
            ticket = self._ticket[1]
        elif self._known and self._known[0] == self._student:
            answer = await self._desk.ask("enter", student=self._student, key=self._known[1], address=self._address)
            ticket = answer.said.get("ticket")
        return await self._desk.ask("open", ticket=ticket, term=term, columns=size[0], rows=size[1])


class KeepsNothing(dict[bytes, bytes]):
    """Keeps nothing."""

    def __setitem__(self, name: bytes, value: bytes) -> None: ...


class DoorChannel(asyncssh.SSHServerSession[bytes]):
    """A channel: bytes to and from the terminal that the desk has opened."""

    def __init__(self, visitor: DoorConnection) -> None:
        self._visitor = visitor
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
        answer = await self._visitor.terminal(self._chan.get_terminal_type() or "", (columns or 80, rows or 24))
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


async def serve(listener: socket.socket, desk_end: socket.socket, host_key: str, left: list[str]) -> None:
    """Let in who may, until the desk is gone. `left`: what could not be given up."""
    asyncio.get_running_loop().set_default_executor(Here())
    desk, counted = DeskLine(desk_end), Counted()
    await asyncssh.listen(
        sock=listener,
        server_factory=lambda: DoorConnection(desk, counted),
        server_host_keys=[asyncssh.import_private_key(host_key)],
        server_version="kvmlab",
        config=[],
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        gss_host=None,
        compression_algs=["none"],
        login_timeout=LOGIN_S,
        keepalive_interval=ALIVE_S,
        keepalive_count_max=ALIVE,
    )
    await desk.ask("ready", left=left)
    await asyncio.Event().wait()


def main() -> NoReturn:
    """LISTENER DESK: file descriptors that we were started with."""
    listener, desk_end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    first = wire.hear(desk_end)
    if first is None:
        os._exit(0)
    words.set_language(str(first.said["lang"]))
    left = confine(str(first.said["empty"]))
    asyncio.run(serve(listener, desk_end, str(first.said["host_key"]), left))
    os._exit(0)


if __name__ == "__main__":
    main()
