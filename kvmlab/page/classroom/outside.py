"""Connections of those who have not come in: they go after a while, and where there are too many the oldest goes first,
so that who only holds connections open keeps nobody out. Over one so many codes may be tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

LOGIN_S = 60.0
MOST, MOST_KNOWN = 300, 5000
"""Connections; and of how many it is known what was tried."""
TRIES = 5
"""How many codes may be tried over one."""

Client = tuple[str, int] | None


class Outside:
    """Those there are, the oldest first, by address and port."""

    def __init__(self) -> None:
        self._there: dict[Client, asyncio.Transport] = {}
        self._tries: dict[Client, int] = {}

    def comes(self, client: Client, transport: asyncio.Transport) -> None:
        """Another one."""
        self._there = {one: its for one, its in self._there.items() if not its.is_closing()}
        while len(self._there) >= MOST:
            self._there.pop(next(iter(self._there))).abort()
        self._there[client] = transport
        self._tries.pop(client, None)  # of another one, that had the same port
        asyncio.get_running_loop().call_later(LOGIN_S, self._too_long, client, transport)

    def has_tried(self, client: Client) -> int:
        """How many codes, with this one, were tried over it."""
        while len(self._tries) >= MOST_KNOWN:
            del self._tries[next(iter(self._tries))]
        self._tries[client] = self._tries.get(client, 0) + 1
        return self._tries[client]

    def has_come_in(self, client: Client) -> None:
        """It has shown a session."""
        self._there.pop(client, None)

    def _too_long(self, client: Client, transport: asyncio.Transport) -> None:
        if self._there.get(client) is transport:
            del self._there[client]
            transport.abort()


class _Connection(H11Protocol):
    """One of uvicorn's, which is outside at first."""

    def __init__(self, outside: Outside, **its: Any) -> None:
        super().__init__(**its)
        self._outside = outside

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._outside.comes(self.client, transport)


def connections(outside: Outside) -> Callable[..., asyncio.Protocol]:
    """What uvicorn makes for each connection."""
    return partial(_Connection, outside)
