"""What the page asks and does for who was let in: POST for whatever is told or done, WebSockets for what goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kvmlab.errors import KvmlabError, UsageError
from kvmlab.page import book, prose
from kvmlab.page.commands import Commands, Running
from kvmlab.page.keys import Keys
from kvmlab.page.labs import VERBS, Feed, Labs
from kvmlab.page.terminals import PageTerminal, Terminals, Viewer, size_of
from kvmlab.words import LANGUAGES, speaking, t

LAB = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
GUEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")
TERMINAL = re.compile(rf"shell-[1-4]|console:{GUEST.pattern}")
ANSWER = 500
SCREENS = 6
SCREEN_BYTES = 65536

Asked = dict[str, Any]


class PageServer:
    """All of it, for one user, behind the gate."""

    def __init__(self, commands: Commands, keys: Keys, read: book.Reader) -> None:
        self._commands, self._keys, self._read = commands, keys, read
        self._screens = 0
        self._labs, self._terminals = Labs(commands), Terminals()

    def routes(self) -> list[BaseRoute]:
        """All there are; a test reads them."""
        calls: dict[str, Callable[[Asked], Awaitable[Asked]]] = {
            "course": self._course,
            "lab": self._lab,
            "hint": self._hint,
            "act": self._act,
            "map": self._map,
            "quiz": self._quiz,
            "answer": self._answer,
            "book": self._book,
            "search": self._search,
        }
        return [
            Route("/api/ticket", self._ticket, methods=["POST"]),
            *(Route(f"/api/{name}", _answering(call), methods=["POST"]) for name, call in calls.items()),
            WebSocketRoute("/ws/lab/{lang}/{lab}", self._ws_lab),
            WebSocketRoute("/ws/terminal/{lang}/{lab}/{name}", self._ws_terminal),
            WebSocketRoute("/ws/screen/{lab}/{guest}", self._ws_screen),
        ]

    @contextlib.asynccontextmanager
    async def open(self, _app: object = None) -> AsyncIterator[None]:
        """What was begun in it is gone when it is left."""
        sweeper = asyncio.create_task(self._terminals.sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.gather(self._labs.close(), self._terminals.close())

    # what is asked once

    async def _ticket(self, request: Request) -> Response:
        asked = await read_json(request)
        path = asked.get("path") if asked else None
        if not isinstance(path, str) or len(path) > 300:
            return JSONResponse({"error": "path"}, 400)
        return JSONResponse({"ticket": self._keys.ticket(request.scope["session"], path)})

    async def _course(self, asked: Asked) -> Asked:
        return await self._commands.document(_lang(asked), "list", "--json")

    async def _lab(self, asked: Asked) -> Asked:
        found = await self._commands.document(_lang(asked), "show", "--json", _lab(asked))
        found["html"] = prose.html(str(found.pop("text")))
        for task in found["tasks"]:
            task["title"] = prose.inline_html(task["title"])
            task["html"] = prose.html(task.pop("text"))
            task["hints"] = [prose.html(hint) for hint in task["hints"]]
            task["explanation"] = prose.html(task["explanation"]) if task["explanation"] else None
        return found

    async def _hint(self, asked: Asked) -> Asked:
        return await self._commands.document(_lang(asked), "hint", "--json", _lab(asked), _name(asked, "task"))

    async def _map(self, asked: Asked) -> Asked:
        return await self._commands.document(_lang(asked), "map", "--json", _lab(asked))

    async def _quiz(self, asked: Asked) -> Asked:
        found = await self._commands.document(_lang(asked), "quiz", "--json", _name(asked, "chapter"))
        for one in found["questions"]:
            one["title"], one["html"] = prose.inline_html(one["title"]), prose.html(one.pop("text"))
            one["options"] = [prose.inline_html(option) for option in one["options"]]
        return found

    async def _answer(self, asked: Asked) -> Asked:
        given = asked.get("answer")
        if not isinstance(given, str) or not 0 < len(given) <= ANSWER or not given.isprintable():
            raise UsageError(t("That is no answer."), "kvmlab quiz")
        words = (_name(asked, "chapter"), f"--question={_name(asked, 'question')}", f"--answer={given}")
        found = await self._commands.document(_lang(asked), "quiz", "--json", *words)
        found["why"] = [prose.html(why) for why in found["why"]]
        found["wanted"], found["explanation"] = prose.inline_html(found["wanted"]), prose.html(found["explanation"])
        return found

    async def _book(self, asked: Asked) -> Asked:
        return await asyncio.to_thread(book.chapter, self._read, _lang(asked), asked.get("number"))

    async def _search(self, asked: Asked) -> Asked:
        return {"places": await asyncio.to_thread(book.places, self._read, _lang(asked), asked.get("words"))}

    async def _act(self, asked: Asked) -> Asked:
        verb = asked.get("verb")
        if verb not in VERBS:
            raise UsageError(t("The page does not know how to do that."), "kvmlab --help")
        self._labs.act(_lab(asked), str(verb), _lang(asked))
        return {}

    # what goes on

    async def _ws_lab(self, socket: WebSocket) -> None:
        lang, lab = socket.path_params["lang"], socket.path_params["lab"]
        if lang not in LANGUAGES or not LAB.fullmatch(lab):
            await socket.close(1008)
            return
        await socket.accept()
        async with self._labs.feed(lab, lang) as feed:
            await _both(self._tell_lab(socket, lab, feed), self._hear_lab(socket, feed))

    async def _tell_lab(self, socket: WebSocket, lab: str, feed: Feed) -> None:
        seen = -1
        while True:
            seen = await self._labs.news(lab).after(seen)
            if not feed.latest:
                continue
            stirs = self._labs.stirs.get(lab, 0)
            await socket.send_json({"lab": feed.latest, "action": self._labs.action(lab), "stirs": stirs})

    async def _hear_lab(self, socket: WebSocket, feed: Feed) -> None:
        while True:
            await socket.receive_text()
            feed.poke()

    async def _ws_terminal(self, socket: WebSocket) -> None:
        lang, lab, name = (socket.path_params[part] for part in ("lang", "lab", "name"))
        if lang not in LANGUAGES or not LAB.fullmatch(lab) or not TERMINAL.fullmatch(name):
            await socket.close(1008)
            return
        await socket.accept()
        console = [f"--console={name.partition(':')[2]}"] if name.startswith("console:") else []
        opened = self._terminals.get(
            lab, name, lambda: self._commands.terminal(lang, "shell", lab, *console), lambda: self._labs.poke(lab)
        )
        try:
            terminal = await opened
        except KvmlabError as error:
            await socket.close(4000, error.message.encode()[:120].decode(errors="ignore"))
            return
        if terminal is None:
            await socket.close(4000, t("There are too many terminals."))
            return
        since = socket.query_params.get("since", "")
        viewer, wipe = terminal.look(socket.query_params.get("id", ""), int(since) if _is_offset(since) else 0)
        try:
            await socket.send_json({"id": terminal.id, "from": viewer.sent, "wipe": wipe})
            await _both(_show(socket, terminal, viewer), _hear(socket, terminal, viewer))
        finally:
            await terminal.leave(viewer)

    async def _ws_screen(self, socket: WebSocket) -> None:
        lab, guest = socket.path_params["lab"], socket.path_params["guest"]
        if not LAB.fullmatch(lab) or not GUEST.fullmatch(guest) or self._screens >= SCREENS:
            await socket.close(1008)
            return
        await socket.accept()
        self._screens += 1
        try:
            async with self._commands.running("en", "exec", lab, f"--screen={guest}", reads=True) as process:
                await _both(_from(process, socket), _to(process, socket), _unheard(process))
        finally:
            self._screens -= 1


async def _from(process: Running, socket: WebSocket) -> None:
    assert process.stdout
    while piece := await process.stdout.read(SCREEN_BYTES):
        await socket.send_bytes(piece)
    await socket.close()


async def _to(process: Running, socket: WebSocket) -> None:
    assert process.stdin
    while True:
        process.stdin.write(await socket.receive_bytes())
        await process.stdin.drain()


async def _unheard(process: Running) -> None:
    """What it says on standard error is for a terminal; it must not wait for somebody who reads it."""
    assert process.stderr
    while await process.stderr.read(4096):
        pass
    await process.wait()


async def _show(socket: WebSocket, terminal: PageTerminal, viewer: Viewer) -> None:
    while (found := await terminal.next(viewer)) is not None:
        piece, lost = found
        if lost:
            await socket.send_json({"id": terminal.id, "from": viewer.sent - len(piece), "wipe": True})
        await socket.send_bytes(piece)
    await socket.send_json({"ended": terminal.status})
    await socket.close()


async def _hear(socket: WebSocket, terminal: PageTerminal, viewer: Viewer) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if (typed := message.get("bytes")) is not None:
            terminal.type(typed)
            continue
        said = _object(message.get("text") or "")
        if isinstance(shown := said.get("shown"), int):
            await terminal.acknowledge(viewer, shown)
        elif size := size_of(said):
            terminal.resize(*size)


async def _both(*works: Awaitable[None]) -> None:
    """Until one of them ends, or the other side has gone; then neither goes on."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect | RuntimeError | OSError):
                raise ended


def _answering(call: Callable[[Asked], Awaitable[Asked]]) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers JSON with JSON; what goes wrong as message and command to go on with."""

    async def answer(request: Request) -> Response:
        asked = await read_json(request)
        if asked is None:
            return JSONResponse({"error": "JSON"}, 400)
        try:
            with speaking(_lang(asked)):
                return JSONResponse(await call(asked))
        except KvmlabError as error:
            return JSONResponse({"error": error.message, "todo": error.todo}, 409)

    return answer


async def read_json(request: Request) -> Asked | None:
    """The object that was sent; None where it is none, or empty."""
    return _object((await request.body()).decode(errors="replace")) or None


def _object(text: str) -> Asked:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _lang(asked: Asked) -> str:
    return found if (found := asked.get("lang")) in LANGUAGES else "en"


def _lab(asked: Asked) -> str:
    return _name(asked, "lab")


def _name(asked: Asked, what: str) -> str:
    """An id out of what was asked; it becomes a word of a command line, and begins with no dash."""
    found = asked.get(what)
    if not isinstance(found, str) or not LAB.fullmatch(found):
        raise UsageError(t("That is not a name."), "kvmlab list")
    return found


def _is_offset(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
