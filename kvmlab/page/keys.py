"""Who may use the page: a token used once, then a cookie and a key, and a ticket for each socket.

A cookie goes to every port of a host (RFC 6265, 8.5), so another server on this computer may be shown ours. The key is
kept by the page itself, in a store that belongs to one port, and is sent beside the cookie; neither is enough alone.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kvmlab.paths import write_atomic

SESSION_S = 7 * 24 * 3600
TICKET_S = 30.0
MOST_TICKETS = 100
"""Of one session: a new one puts out its oldest."""
_LIMIT = 200
"""Longest cookie, key or ticket that is looked at, in characters."""


class Ticket(NamedTuple):
    """What a ticket is good for: one socket, of one session, until then (time.monotonic)."""

    path: str
    session: str
    until: float


class Keys:
    """Tokens, sessions and tickets. Sessions are signed, not stored: they survive a server that is restarted."""

    def __init__(self, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._secret, self._clock = secret, clock
        self._token = secrets.token_urlsafe(24)
        self._tickets: dict[str, Ticket] = {}
        self.on_new_token: Callable[[str], None] = lambda token: None
        """Told of the next token once one was used, so that another browser can be let in."""

    @property
    def token(self) -> str:
        """What lets one browser in, once."""
        return self._token

    def login(self, token: object) -> tuple[str, str] | None:
        """Cookie and key of a new session, or None for a wrong or used token."""
        if not isinstance(token, str) or not _same(token, self._token):
            return None
        self._token = secrets.token_urlsafe(24)
        self.on_new_token(self._token)
        session = f"{secrets.token_hex(16)}.{int(self._clock())}"
        return f"{session}.{self._signed('cookie', session)}", self.key(session)

    def session(self, cookie: str) -> str | None:
        """The session of a cookie; None where it is not ours, or too old."""
        session, _, signature = cookie[:_LIMIT].rpartition(".")
        if not _same(signature, self._signed("cookie", session)):
            return None
        began = session.rpartition(".")[2]
        return session if began.isdecimal() and 0 <= self._clock() - int(began) < SESSION_S else None

    async def whose(self, cookie: str) -> str | None:
        """The same, as the gate asks for it."""
        return self.session(cookie)

    def key(self, session: str) -> str:
        """What the page has to show besides the cookie."""
        return self._signed("key", session)

    def fits(self, session: str, key: str) -> bool:
        """Whether the key is that session's."""
        return _same(key, self.key(session))

    def ticket(self, session: str, path: str) -> str:
        """A ticket for one socket at `path`."""
        now = time.monotonic()
        self._tickets = {one: it for one, it in self._tickets.items() if it.until > now}
        for one in [one for one, it in self._tickets.items() if it.session == session][: 1 - MOST_TICKETS]:
            del self._tickets[one]
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = Ticket(path, session, now + TICKET_S)
        return ticket

    def redeem(self, ticket: str, session: str, path: str) -> bool:
        """Whether it is good for this; it is used up, whatever comes of it."""
        found = self._tickets.pop(ticket[:_LIMIT], None)
        return found is not None and found[:2] == (path, session) and found.until > time.monotonic()

    def _signed(self, what: str, session: str) -> str:
        return hmac.digest(self._secret, f"{what} {session}".encode(errors="replace"), "sha256").hex()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given[:_LIMIT].encode(errors="replace"), wanted.encode())


class PreviousServer(NamedTuple):
    """What a server leaves to the next one, so that an open page finds it again."""

    secret: bytes
    port: int


def remembered(path: Path) -> PreviousServer:
    """What the last server has left; a new secret and no port (0) where there is nothing sound."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        secret, port = bytes.fromhex(found["secret"]), int(found["port"])
        if len(secret) == 32 and 0 <= port < 65536:
            return PreviousServer(secret, port)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return PreviousServer(secrets.token_bytes(32), 0)


def remember(path: Path, left: PreviousServer) -> None:
    """Leave it, for this user's eyes only."""
    write_atomic(path, json.dumps({"secret": left.secret.hex(), "port": left.port}))
