"""A browser's session with a page, as a test has it: what it keeps, and how it asks."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from kvmlab.slowness import given_patience

Answered = tuple[int, Any, dict[str, str]]
"""Status, JSON (else text) and headers of an answer."""


class PageSession:
    """A session with the page at `origin`. `host`: what it says it was reached as."""

    origin = ""
    cookie = key = ""

    @property
    def host(self) -> str:
        return urlsplit(self.origin).netloc

    def connect(self) -> http.client.HTTPConnection:
        """A connection; it is closed where nothing is asked for some seconds."""
        return http.client.HTTPConnection(self.host, timeout=120 * given_patience())

    def post(
        self, path: str, asked: object, over: http.client.HTTPConnection | None = None, **headers: str
    ) -> Answered:
        """Ask, over a connection of its own or `over` that one."""
        connection = over or self.connect()
        sent = {"origin": self.origin, "content-type": "application/json", "host": self.host}
        sent |= {"cookie": self.cookie, "x-kvmlab-key": self.key, **headers}
        connection.request("POST", path, json.dumps(asked), sent)
        answer = connection.getresponse()
        body = answer.read()
        told = json.loads(body) if answer.headers.get_content_type() == "application/json" else body.decode()
        return answer.status, told, dict(answer.headers)

    def come_in(self, **asked: str) -> Answered:
        """Log in, and keep what the answer gives."""
        found = self.post("/api/login", asked)
        if found[0] == 200:
            self.cookie, self.key = found[2]["set-cookie"].partition(";")[0], found[1]["key"]
        return found
