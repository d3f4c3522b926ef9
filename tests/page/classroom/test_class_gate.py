"""The gate before a class's page: every route there is, read out of the app, and whoever must not get to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from kvmlab.classroom.door.line import DeskLine
from kvmlab.classroom.door.wire import Message
from kvmlab.course.book import Book
from kvmlab.page.app import PageServer
from kvmlab.page.classroom.app import COOKIE, ClassPage
from kvmlab.page.classroom.asking import DeskCommands
from kvmlab.page.classroom.keys import ClassKeys
from kvmlab.page.classroom.outside import Outside
from kvmlab.page.files import Files
from kvmlab.page.gate import KEY_HEADER, LOGIN, Gate, Receive, Scope, Send, Site
from tests.page.test_gate import Way, ways_of

HOST = "class.example.org"
SITE = Site(frozenset({HOST}), "https", COOKIE)
ANNA, BO = "a" * 64 + ".1", "b" * 64 + ".2"


class FakeDesk:
    """Says whose a session is, as the desk does, and notes what it is asked."""

    def __init__(self) -> None:
        self.sessions = {ANNA: "2026001", BO: "2026002"}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def ask(self, verb: str, **values: Any) -> Message:
        self.asked.append((verb, values))
        student = self.sessions.get(values.get("session", ""))
        return Message({"student": student} if student else {"refused": "?"})


def page_of(desk: FakeDesk) -> tuple[ClassPage, ClassKeys]:
    line = cast(DeskLine, desk)
    keys = ClassKeys(bytes(32), line)
    return ClassPage(line, keys, Files("code"), _no_book, Outside()), keys


def _no_book(lang: str) -> Book:
    raise AssertionError(lang)


def ways() -> set[Way]:
    """Every route of the app: those for all, and those of a session."""
    page, keys = page_of(FakeDesk())
    own = PageServer(DeskCommands(cast(DeskLine, None), ANNA), keys, _no_book)
    return {way for route in [*page.own_routes(), *own.routes()] for way in ways_of(route)}


WAYS = sorted(ways())
TOLD = [way for way in WAYS if not way.is_open and way.path != LOGIN and way.method != "HEAD"]


class Gated:
    """A gate before an app that notes what gets to it, and as whose."""

    def __init__(self) -> None:
        self.desk = FakeDesk()
        _, self.keys = page_of(self.desk)
        self.reached: list[str] = []
        self.gate = Gate(self._app, self.keys, SITE)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["session"])

    def right(self, way: Way, session: str = ANNA) -> dict[str, str | None]:
        """Headers that pass, and (as "ticket") the ticket of a WebSocket."""
        headers: dict[str, str | None] = {"host": HOST, "origin": f"https://{HOST}", "cookie": f"{COOKIE}={session}"}
        if way.kind == "http":
            return {**headers, "content-type": "application/json", KEY_HEADER: self.keys.key(session)}
        return {**headers, "ticket": self.keys.ticket(session, way.path)}

    def asks(self, way: Way, headers: dict[str, str | None]) -> bool:
        """Whether it gets to the app."""
        raw = [(name.encode(), value.encode()) for name, value in headers.items() if value and name != "ticket"]
        query = f"ticket={headers.get('ticket') or ''}".encode()
        scope = {"type": way.kind, "method": way.method, "path": way.path, "headers": raw, "query_string": query}
        sent: list[Any] = []
        before = len(self.reached)

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect" if way.kind == "websocket" else "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        passed = len(self.reached) > before
        if not passed:
            assert sent[0]["type"] == "websocket.close" or sent[0]["status"] == 403
        return passed


@pytest.fixture
def gated() -> Gated:
    return Gated()


WRONG: dict[str, Callable[[Gated, Way], dict[str, str | None]]] = {
    "foreign Origin": lambda gated, way: {"origin": "https://evil.example"},
    "http": lambda gated, way: {"origin": f"http://{HOST}"},
    "other port": lambda gated, way: {"origin": f"https://{HOST}:8443"},
    "no Origin": lambda gated, way: {"origin": None},
    "foreign Host": lambda gated, way: {"host": "evil.example", "origin": "https://evil.example"},
    "Host with another port": lambda gated, way: {"host": f"{HOST}:8443", "origin": f"https://{HOST}:8443"},
    "no Host": lambda gated, way: {"host": None},
    "another site": lambda gated, way: {"sec-fetch-site": "cross-site"},
    "no cookie": lambda gated, way: {"cookie": None},
    "a cookie of another name": lambda gated, way: {"cookie": f"kvmlab-443={ANNA}"},
    "a session that is none": lambda gated, way: {"cookie": f"{COOKIE}={'c' * 64}.3"},
    "a session that is too long": lambda gated, way: {"cookie": f"{COOKIE}={ANNA}{'0' * 200}"},
    "another student's session": lambda gated, way: {"cookie": f"{COOKIE}={BO}"},
    "another student's key or ticket": lambda gated, way: {
        KEY_HEADER: gated.keys.key(BO), "ticket": gated.keys.ticket(BO, way.path),
    },
    "no key or ticket": lambda gated, way: {KEY_HEADER: None, "ticket": None},
}  # fmt: skip


def test_the_routes_are_those_of_the_app() -> None:
    assert {way.kind for way in TOLD} == {"http", "websocket"}
    paths = {way.path for way in TOLD}
    assert {"/api/logout", "/api/who", "/api/board", "/api/ticket", "/api/act", "/ws/screen/en/en"} <= paths and len(
        TOLD
    ) >= 15


@pytest.mark.parametrize("way", TOLD, ids=str)
def test_nobody_else_gets_there(gated: Gated, way: Way) -> None:
    for name, wrong in WRONG.items():
        assert not gated.asks(way, {**gated.right(way), **wrong(gated, way)}), name
    assert gated.asks(way, gated.right(way)) and gated.asks(way, gated.right(way, BO))
    assert gated.reached == [ANNA, BO]


@pytest.mark.parametrize("way", TOLD, ids=str)
def test_an_ended_session_is_none_from_then_on(gated: Gated, way: Way) -> None:
    """The desk is asked at each request: there is nothing here that it has to be taken out of."""
    right = gated.right(way)
    del gated.desk.sessions[ANNA]
    assert not gated.asks(way, right)
    assert not gated.asks(way, gated.right(way))


@pytest.mark.parametrize("way", [way for way in WAYS if way.is_open or way.path == LOGIN], ids=str)
def test_what_is_open_is_open_from_here_alone(gated: Gated, way: Way) -> None:
    headers: dict[str, str | None] = {"host": HOST, "origin": f"https://{HOST}", "content-type": "application/json"}
    assert gated.asks(way, headers)
    for name in ("foreign Origin", "http", "foreign Host", "no Host", "another site"):
        assert not gated.asks(way, {**headers, **WRONG[name](gated, way)}), name
    assert gated.reached == [""]
    assert gated.desk.asked == []


def test_one_student_puts_out_no_others_tickets(gated: Gated) -> None:
    """However many they ask for."""
    ticket = gated.keys.ticket(BO, "/ws/x")
    for _ in range(300):
        gated.keys.ticket(ANNA, "/ws/x")
    assert gated.keys.redeem(ticket, BO, "/ws/x")
    assert len(gated.keys._tickets) <= 100
