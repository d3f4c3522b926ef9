"""The connections by SSH: how many there may be, who each one is, and what they have tried."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncssh

from kvmlab.classroom.door import wire
from kvmlab.classroom.door.channel import DoorChannel
from kvmlab.classroom.door.line import DeskLine
from kvmlab.classroom.door.logins import plain_key
from kvmlab.words import t

LOGIN_S = 60
"""How long somebody may take to come in, and then to ask for a terminal."""
TRIES, KEYS = 5, 20
"""How many codes and keys may be tried over one connection."""
MOST, MOST_OUTSIDE, MOST_FROM_ONE, MOST_OF_ONE = 450, 300, 150, 6
"""Connections in all, those that have not come in yet, from one address (a school may have but one), of one student."""


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
        return DoorChannel(self.terminal)

    async def terminal(self, term: str, size: tuple[int, int]) -> wire.Message:
        """A terminal of whoever has come in: by their code's ticket, or as who has signed with one of their keys."""
        ticket: object = None
        if self._ticket and self._ticket[0] == self._student:
            ticket = self._ticket[1]
        elif self._known and self._known[0] == self._student:
            answer = await self._desk.ask("enter", student=self._student, key=self._known[1], address=self._address)
            ticket = answer.said.get("ticket")
        return await self._desk.ask("open", ticket=ticket, term=term, columns=size[0], rows=size[1])
