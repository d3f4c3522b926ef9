"""A class with its page open: the processes as in a school, and a browser's requests from this one."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from kvmlab.slowness import given_patience
from tests.classroom.door.conftest import School, made
from tests.course.conftest import EXAMPLE
from tests.page.session import Answered, PageSession

collect_ignore = [] if Path("/usr/bin/chromedriver").exists() else ["test_class_access.py"]
ANYBODY = ssl._create_unverified_context()


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    yield from made(tmp_path, EXAMPLE)


class Line:
    """A WebSocket. It goes on while something is waited for, in this thread alone: an SSL object is not to be read and
    written by two threads at once (openssl-threads(7)), as a client with one for each would."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._patience = 120 * given_patience()
        self._socket = self._loop.run_until_complete(self._connect(url, headers))

    async def _connect(self, url: str, headers: dict[str, str]) -> Any:
        wait = {"open_timeout": self._patience, "close_timeout": 5, "ping_interval": None}
        return await connect(url, additional_headers=headers, ssl=ANYBODY, proxy=None, **wait)  # type: ignore[arg-type]

    def recv(self) -> str | bytes:
        """The next message. ConnectionClosed where there is none any more."""
        found: str | bytes = self._loop.run_until_complete(asyncio.wait_for(self._socket.recv(), self._patience))
        return found

    def send(self, message: str | bytes) -> None:
        """Send one."""
        self._loop.run_until_complete(self._socket.send(message))

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._socket.close())
        self._loop.close()


class Visitor(PageSession):
    """A browser at a class's page. `origin`: the page's address, as it was printed."""

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self.address, self.is_tls = self.host, origin.startswith("https:")

    def connect(self) -> http.client.HTTPConnection:
        """A connection to where the page was at first, whatever it is asked for as."""
        if self.is_tls:
            return http.client.HTTPSConnection(self.address, context=ANYBODY, timeout=120 * given_patience())
        return http.client.HTTPConnection(self.address, timeout=120 * given_patience())

    def login(self, student: str, code: str) -> Answered:
        """Come in with a code."""
        return self.come_in(lang="en", student=student, code=code)

    def socket(self, path: str, query: str = "") -> Line:
        """A WebSocket, as the page opens it."""
        ticket = self.post("/api/ticket", {"path": path})[1]["ticket"]
        url = f"{self.origin.replace('http', 'ws', 1)}{path}?ticket={ticket}&{query}"
        sent = {"Origin": self.origin, "Cookie": self.cookie}
        return Line(url, sent)
