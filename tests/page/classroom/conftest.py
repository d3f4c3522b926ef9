"""A class with its page open: the processes as in a school, and a browser's requests from this one."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from kvmlab.slowness import given_patience
from tests.classroom.door.conftest import School, made
from tests.course.conftest import EXAMPLE

ANYBODY = ssl._create_unverified_context()


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    yield from made(tmp_path, EXAMPLE)


class Visitor:
    """A browser at a class's page. `origin`: the page's address, as it was printed."""

    def __init__(self, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self.host = urlsplit(origin).netloc
        self.cookie = self.key = ""
        self.address, self.is_tls = self.host, origin.startswith("https:")

    def connect(self) -> http.client.HTTPConnection:
        """A connection; it is closed where nothing is asked for some seconds."""
        if self.is_tls:
            return http.client.HTTPSConnection(self.address, context=ANYBODY, timeout=120 * given_patience())
        return http.client.HTTPConnection(self.address, timeout=120 * given_patience())

    def post(
        self, path: str, asked: object, over: http.client.HTTPConnection | None = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON and headers of the answer."""
        connection = over or self.connect()
        sent = {"origin": self.origin, "content-type": "application/json", "host": self.host}
        sent |= {"cookie": self.cookie, "x-kvmlab-key": self.key, **headers}
        connection.request("POST", path, json.dumps(asked), sent)
        answer = connection.getresponse()
        body = answer.read()
        told = json.loads(body) if answer.headers.get_content_type() == "application/json" else body.decode()
        return answer.status, told, dict(answer.headers)

    def login(self, student: str, code: str) -> tuple[int, Any, dict[str, str]]:
        """Come in with a code."""
        found = self.post("/api/login", {"lang": "en", "student": student, "code": code})
        if found[0] == 200:
            self.cookie, self.key = found[2]["set-cookie"].partition(";")[0], found[1]["key"]
        return found

    def socket(self, path: str, query: str = "") -> ClientConnection:
        """A WebSocket, as the page opens it."""
        ticket = self.post("/api/ticket", {"path": path})[1]["ticket"]
        url = f"{self.origin.replace('http', 'ws', 1)}{path}?ticket={ticket}&{query}"
        sent = {"Origin": self.origin, "Cookie": self.cookie}
        return connect(url, additional_headers=sent, ssl=ANYBODY, proxy=None, close_timeout=5)
