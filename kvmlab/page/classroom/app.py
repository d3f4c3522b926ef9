"""The routes of a class's page: a page of its own for each session, and the way in and out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router

from kvmlab.classroom.door.line import DeskLine
from kvmlab.classroom.door.pages import BOARD
from kvmlab.errors import KvmlabError
from kvmlab.page.app import PageServer
from kvmlab.page.book import Reader
from kvmlab.page.classroom.asking import DeskCommands
from kvmlab.page.classroom.keys import ClassKeys
from kvmlab.page.classroom.outside import TRIES, Outside
from kvmlab.page.files import Files
from kvmlab.page.gate import LOGIN, Receive, Scope, Send, refuse
from kvmlab.page.requests import read_json
from kvmlab.words import LANGUAGES, speaking, t

COOKIE = "__Host-kvmlab"
"""Browsers take a cookie of that name from this very host alone, over TLS, for all its paths (RFC 6265bis, 4.1.3)."""
SOCKETS = 24
"""Of one session."""
LOOK_S = 2.0


class Visit:
    """What goes on in one session. It is left when the session ends, and all that was begun in it is gone then."""

    def __init__(self, server: PageServer) -> None:
        self.router, self._server, self._stack = Router(server.routes()), server, AsyncExitStack()
        self.sockets: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """From now on it is visited."""
        await self._stack.enter_async_context(self._server.open())

    async def end(self) -> None:
        """Its sockets are closed, its terminals hung up."""
        for task in self.sockets:
            task.cancel()
        await asyncio.gather(*self.sockets, return_exceptions=True)
        await self._stack.aclose()


class ClassPage:
    """All of it, behind the gate."""

    def __init__(self, desk: DeskLine, keys: ClassKeys, files: Files, read: Reader, outside: Outside) -> None:
        self._desk, self._keys, self._files, self._read, self._outside = desk, keys, files, read, outside
        self._visits: dict[str, Visit] = {}

    def own_routes(self) -> list[BaseRoute]:
        """Those that are the same for everybody."""
        return [
            *self._files.routes(),
            Route(LOGIN, self._login, methods=["POST"]),
            Route("/api/logout", self._logout, methods=["POST"]),
            Route("/api/who", self._who, methods=["POST"]),
            Route("/api/board", self._board, methods=["POST"]),
        ]

    def app(self) -> Starlette:
        """To be put behind the gate."""
        app = Starlette(routes=self.own_routes(), lifespan=self._lifespan)
        app.router.default = self._visited
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(*(one.end() for one in self._visits.values()))

    async def _look(self) -> None:
        """For ever: a session that has ended is over here, too."""
        while True:
            await asyncio.sleep(LOOK_S)
            for session in list(self._visits):
                if not await self._keys.who(session):
                    await self._leave(session)

    async def _leave(self, session: str) -> None:
        if visit := self._visits.pop(session, None):
            await visit.end()

    async def _visited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is asked in a session."""
        session = scope["session"]
        if scope["type"] == "lifespan" or not session:
            await Response("?", 404, media_type="text/plain")(scope, receive, send)
            return
        self._outside.has_come_in(scope["client"])
        visit = self._visits.get(session)
        if visit is None:
            commands = DeskCommands(self._desk, session)
            visit = self._visits[session] = Visit(PageServer(commands, self._keys, self._read))
            await visit.begin()
        if scope["type"] != "websocket":
            await visit.router(scope, receive, send)
            return
        if len(visit.sockets) >= SOCKETS:
            await refuse(scope, receive, send, "too many")
            return
        task = asyncio.ensure_future(visit.router(scope, receive, send))
        visit.sockets.add(task)
        try:
            await task
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await send({"type": "websocket.close", "code": 1008})
        finally:
            visit.sockets.discard(task)

    async def _login(self, request: Request) -> Response:
        """A session for a code; who was wrong is told no more than that."""
        asked, client = await read_json(request) or {}, request.scope["client"]
        student, code, lang = asked.get("student"), asked.get("code"), asked.get("lang")
        with speaking(str(lang) if lang in LANGUAGES else "en"):
            session = None
            tries = self._outside.has_tried(client)
            if isinstance(token := asked.get("token"), str) and tries <= TRIES:
                answer = await self._desk.ask("instruct", token=token[:100], address=client[0])
                session = answer.said.get("session")
            elif isinstance(student, str) and isinstance(code, str) and tries <= TRIES:
                answer = await self._desk.ask("login", student=student[:64], code=code[:100], address=client[0])
                session = answer.said.get("session")
            if not isinstance(session, str):
                over = tries >= TRIES
                said = t("Five codes were tried.") if over else t("No code that lets you in, or it has done so before.")
                return JSONResponse({"error": said}, 401, {"connection": "close"} if over else None)
        answer_ = JSONResponse({"key": self._keys.key(session)})
        answer_.set_cookie(COOKIE, session, secure=True, httponly=True, samesite="strict", path="/")
        return answer_

    async def _logout(self, request: Request) -> Response:
        session = request.scope["session"]
        await self._desk.ask("logout", session=session)
        await self._leave(session)
        answer = JSONResponse({})
        answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
        return answer

    async def _who(self, request: Request) -> Response:
        return JSONResponse(await self._keys.who(request.scope["session"]))

    async def _board(self, request: Request) -> Response:
        """The desk knows whether the session is an instructor's."""
        lang = (await read_json(request) or {}).get("lang")
        commands = DeskCommands(self._desk, request.scope["session"])
        try:
            return JSONResponse(await commands.document(str(lang) if lang in LANGUAGES else "en", *BOARD))
        except KvmlabError as error:
            return JSONResponse({"error": error.message, "todo": error.todo}, 409)
