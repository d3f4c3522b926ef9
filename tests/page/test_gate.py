"""The gate: every route there is, and everything that must not get to it, refused before anything is accepted."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.routing import BaseRoute, Route, WebSocketRoute

from kvmlab.cli.context import own_course
from kvmlab.page.commands import Commands
from kvmlab.page.gate import KEY_HEADER, LOGIN, Gate, Message, Receive, Scope, Send, Site
from kvmlab.page.keys import Keys
from kvmlab.page.serve import page

HOST = "127.0.0.1:8123"
ORIGIN = f"http://{HOST}"
SITE = Site(frozenset({HOST}))
COOKIE = SITE.cookie_name(HOST)


class Way(NamedTuple):
    """A route, as it is asked for."""

    kind: str
    method: str
    path: str

    @property
    def is_open(self) -> bool:
        return self.method == "GET" and (self.path == "/" or self.path.startswith("/static/"))


def ways() -> Iterator[Way]:
    """Every route of the app."""
    for route in page(Commands(), Keys(bytes(32)), own_course(), SITE).routes:
        yield from ways_of(route)


def ways_of(route: BaseRoute) -> Iterator[Way]:
    if isinstance(route, WebSocketRoute):
        yield Way("websocket", "GET", re.sub(r"\{[\w:]+\}", "en", route.path))
    else:
        assert isinstance(route, Route)
        for method in route.methods or ():
            yield Way("http", method, re.sub(r"\{[\w:]+\}", "en", route.path))


WAYS = sorted(set(ways()))
TOLD = [way for way in WAYS if not way.is_open and way.path != LOGIN and way.method != "HEAD"]


class Gated:
    """A gate before an app that notes what gets to it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.keys = Keys(bytes(range(32)), clock=lambda: self.now)
        self.reached: list[Scope] = []
        self.gate = Gate(self._app, self.keys, SITE)
        both = self.keys.login(self.keys.token)
        assert both
        self.cookie, self.key = both
        session = self.keys.session(self.cookie)
        assert session
        self.session = session

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope)

    def right(self, way: Way) -> dict[str, str | None]:
        """Headers that pass, and (as "ticket") the ticket of a WebSocket."""
        headers: dict[str, str | None] = {"host": HOST, "origin": ORIGIN, "sec-fetch-site": "same-origin"}
        headers["cookie"] = f"other=1; {COOKIE}={self.cookie}"
        if way.kind == "http":
            return {**headers, "content-type": "application/json", KEY_HEADER: self.key}
        return {**headers, "ticket": self.keys.ticket(self.session, way.path)}

    def asks(self, way: Way, headers: dict[str, str | None], twice: str = "") -> int:
        """403 where it is refused, 200 where it gets to the app."""
        found = {name: value for name, value in headers.items() if value is not None and name != "ticket"}
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in found.items()]
        raw += [(twice.encode(), b"x")] if twice else []
        query = f"ticket={headers.get('ticket') or ''}".encode("latin-1", "replace")
        scope = {"type": way.kind, "method": way.method, "path": way.path, "headers": raw, "query_string": query}
        return self.run(scope)

    def run(self, scope: dict[str, Any]) -> int:
        """The same of a whole scope."""
        sent: list[Message] = []
        before = len(self.reached)

        async def receive() -> Message:
            return {"type": "websocket.connect" if scope["type"] == "websocket" else "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        if len(self.reached) > before:
            return 200
        if scope["type"] == "websocket":
            assert [message["type"] for message in sent] == ["websocket.close"]  # before accept: a 403
            return 403
        return int(sent[0]["status"])


@pytest.fixture
def gated() -> Gated:
    return Gated()


WRONG: dict[str, dict[str, str | None]] = {
    "foreign Origin": {"origin": "http://evil.example"},
    "other port": {"origin": "http://127.0.0.1:8124"},
    "https": {"origin": f"https://{HOST}"},
    "null": {"origin": "null"},
    "foreign Host": {"host": "evil.example:8123", "origin": "http://evil.example:8123"},
    "a Host that begins right": {"host": f"{HOST}.evil.example", "origin": f"http://{HOST}.evil.example"},
    "Host without its port": {"host": "127.0.0.1", "origin": "http://127.0.0.1"},
    "no Host": {"host": None},
    "another site": {"sec-fetch-site": "cross-site"},
    "same site, another port": {"sec-fetch-site": "same-site"},
}
UNKNOWN: dict[str, dict[str, str | None]] = {
    "no Origin": {"origin": None},
    "no cookie": {"cookie": None},
    "cookie of another port": {"cookie": "kvmlab-8124=x"},
    "cookie of another's making": {"cookie": f"{COOKIE}=0123456789abcdef.1000000.00"},
    "empty cookie": {"cookie": f"{COOKIE}="},
}


def test_the_routes_are_those_of_the_app() -> None:
    assert {way.kind for way in WAYS} == {"http", "websocket"}
    assert len(TOLD) >= 6
    assert Way("http", "POST", LOGIN) in WAYS


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("wrong", WRONG)
def test_from_elsewhere_nothing_is_reached(gated: Gated, way: Way, wrong: str) -> None:
    assert gated.asks(way, {**gated.right(way), **WRONG[wrong]}) == 403


@pytest.mark.parametrize("way", TOLD, ids=str)
@pytest.mark.parametrize("wrong", UNKNOWN)
def test_to_a_stranger_nothing_is_told(gated: Gated, way: Way, wrong: str) -> None:
    assert gated.asks(way, {**gated.right(way), **UNKNOWN[wrong]}) == 403
    assert gated.asks(way, gated.right(way)) == 200


@pytest.mark.parametrize("way", TOLD, ids=str)
def test_key_and_ticket_are_this_sessions_and_fresh(gated: Gated, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    other = gated.keys.login(gated.keys.token)
    assert other
    right = gated.right(way)
    if way.kind == "http":
        assert gated.asks(way, {**right, KEY_HEADER: None}) == 403
        assert gated.asks(way, {**right, KEY_HEADER: other[1]}) == 403
        assert gated.asks(way, {**right, "content-type": "text/plain"}) == 403  # what a form can send
    else:
        others = gated.keys.session(other[0])
        assert others
        assert gated.asks(way, {**right, "ticket": None}) == 403
        assert gated.asks(way, {**right, "ticket": gated.keys.ticket(gated.session, "/ws/elsewhere")}) == 403
        assert gated.asks(way, {**right, "ticket": gated.keys.ticket(others, way.path)}) == 403
        assert gated.asks(way, right) == 200
        assert gated.asks(way, right) == 403  # used
        old = gated.right(way)
        monkeypatch.setattr("kvmlab.page.keys.time.monotonic", lambda: 1e12)
        assert gated.asks(way, old) == 403
    gated.now += 8 * 24 * 3600
    assert gated.asks(way, gated.right(way)) == 403


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", ["host", "origin", "sec-fetch-site"])
def test_two_headers_of_a_kind_are_refused(gated: Gated, way: Way, name: str) -> None:
    assert gated.asks(way, gated.right(way), twice=name) == 403


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_other_methods_and_long_headers_are_refused(gated: Gated, way: Way) -> None:
    assert gated.asks(way, {**gated.right(way), "x-long": "x" * 20_000}) == 403
    if way.kind == "http":
        for method in {"GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "x"} - {way.method, "POST", "GET"}:
            assert gated.asks(way._replace(method=method), gated.right(way)) == 403
        if not way.is_open and way.method == "POST":
            assert gated.asks(way._replace(method="GET"), gated.right(way)) == 403


def test_the_pages_files_need_no_login_and_a_link_typed_by_hand_opens_them(gated: Gated) -> None:
    for way in WAYS:
        if way.is_open:
            assert gated.asks(way, {"host": HOST}) == 200
            assert gated.asks(way, {"host": HOST, "sec-fetch-site": "none"}) == 200


def test_a_login_needs_no_session_but_comes_from_the_page_itself(gated: Gated) -> None:
    way = Way("http", "POST", LOGIN)
    headers: dict[str, str | None] = {"host": HOST, "origin": ORIGIN, "content-type": "application/json"}
    assert gated.asks(way, headers) == 200
    assert gated.asks(way, {**headers, "origin": None}) == 403


def test_a_long_body_is_no_body(gated: Gated) -> None:
    pieces = [{"type": "http.request", "body": b"x" * 40_000, "more_body": True} for _ in range(3)]
    got: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive()).get("more_body"):
            got.append(message["body"])

    async def receive() -> Message:
        return pieces.pop(0)  # IndexError if it were read to its end

    async def send(message: Message) -> None: ...

    gate = Gate(app, gated.keys, SITE)
    right = {name: value for name, value in gated.right(TOLD[0]).items() if value}
    headers = [(name.encode(), value.encode()) for name, value in right.items()]
    asyncio.run(gate({"type": "http", "method": "POST", "path": "/api/course", "headers": headers}, receive, send))
    assert len(got) == 1


def test_whatever_is_sent_it_answers_and_lets_nobody_in(gated: Gated) -> None:
    """Parts of what is right, cut, doubled, swapped and filled with rubbish: never an exception, never let through."""
    draw = random.Random(14)
    rubbish = [b"", b"\xff\x00", b"=;,\"'", b"a" * 300, b"\xe2\x80\xae", b"%00", b"null", b"[]", b"-1", b"1e9"]
    for _ in range(3000):
        way = draw.choice(TOLD)
        right = {name: (value or "").encode() for name, value in gated.right(way).items()}
        ticket = right.pop("ticket", b"")
        cut = draw.choice([name for name in right if name != "sec-fetch-site"])
        near = [right[cut][:-1], right[cut] + b"x", right[cut].swapcase() + b" "]
        right[cut] = draw.choice([*rubbish, *near, b"x=" * 99])
        headers = [(name.encode(), value) for name, value in right.items()]
        draw.shuffle(headers)
        query = b"ticket=" + draw.choice([ticket, *rubbish]) + b"&a" * draw.choice([0, 50])
        scope = {"type": way.kind, "method": way.method, "path": way.path, "headers": headers, "query_string": query}
        assert gated.run(scope) == 403, (way, cut, right[cut])
