"""What the page asks and does for who was let in: POST for whatever is told or done; `sockets` has what goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kvmlab.errors import KvmlabError, UsageError
from kvmlab.page import book, prose
from kvmlab.page.commands import Commands
from kvmlab.page.keys import Keys
from kvmlab.page.labs import VERBS, Labs
from kvmlab.page.requests import Asked, lab_in, lang_in, name_in, read_json
from kvmlab.page.sockets import Sockets
from kvmlab.words import speaking, t

ANSWER = 500


class PageServer:
    """All of it, for one user, behind the gate."""

    def __init__(self, commands: Commands, keys: Keys, read: book.Reader) -> None:
        self._commands, self._keys, self._read = commands, keys, read
        self._labs = Labs(commands)
        self._sockets = Sockets(commands, self._labs)

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
            *self._sockets.routes(),
        ]

    @contextlib.asynccontextmanager
    async def open(self, _app: object = None) -> AsyncIterator[None]:
        """What was begun in it is gone when it is left."""
        sweeper = asyncio.create_task(self._sockets.terminals.sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.gather(self._labs.close(), self._sockets.terminals.close())

    async def _ticket(self, request: Request) -> Response:
        asked = await read_json(request)
        path = asked.get("path") if asked else None
        if not isinstance(path, str) or len(path) > 300:
            return JSONResponse({"error": "path"}, 400)
        return JSONResponse({"ticket": self._keys.ticket(request.scope["session"], path)})

    async def _course(self, asked: Asked) -> Asked:
        return await self._commands.document(lang_in(asked), "list", "--json")

    async def _lab(self, asked: Asked) -> Asked:
        found = await self._commands.document(lang_in(asked), "show", "--json", lab_in(asked))
        found["html"] = prose.html(str(found.pop("text")))
        for task in found["tasks"]:
            task["title"] = prose.inline_html(task["title"])
            task["html"] = prose.html(task.pop("text"))
            task["hints"] = [prose.html(hint) for hint in task["hints"]]
            task["explanation"] = prose.html(task["explanation"]) if task["explanation"] else None
        return found

    async def _hint(self, asked: Asked) -> Asked:
        return await self._commands.document(lang_in(asked), "hint", "--json", lab_in(asked), name_in(asked, "task"))

    async def _map(self, asked: Asked) -> Asked:
        return await self._commands.document(lang_in(asked), "map", "--json", lab_in(asked))

    async def _quiz(self, asked: Asked) -> Asked:
        found = await self._commands.document(lang_in(asked), "quiz", "--json", name_in(asked, "chapter"))
        for one in found["questions"]:
            one["title"], one["html"] = prose.inline_html(one["title"]), prose.html(one.pop("text"))
            one["options"] = [prose.inline_html(option) for option in one["options"]]
        return found

    async def _answer(self, asked: Asked) -> Asked:
        given = asked.get("answer")
        if not isinstance(given, str) or not 0 < len(given) <= ANSWER or not given.isprintable():
            raise UsageError(t("That is no answer."), "kvmlab quiz")
        words = (name_in(asked, "chapter"), f"--question={name_in(asked, 'question')}", f"--answer={given}")
        found = await self._commands.document(lang_in(asked), "quiz", "--json", *words)
        found["why"] = [prose.html(why) for why in found["why"]]
        found["wanted"], found["explanation"] = prose.inline_html(found["wanted"]), prose.html(found["explanation"])
        return found

    async def _book(self, asked: Asked) -> Asked:
        return await asyncio.to_thread(book.chapter, self._read, lang_in(asked), asked.get("number"))

    async def _search(self, asked: Asked) -> Asked:
        return {"places": await asyncio.to_thread(book.places, self._read, lang_in(asked), asked.get("words"))}

    async def _act(self, asked: Asked) -> Asked:
        verb = asked.get("verb")
        if verb not in VERBS:
            raise UsageError(t("The page does not know how to do that."), "kvmlab --help")
        self._labs.act(lab_in(asked), str(verb), lang_in(asked))
        return {}


def _answering(call: Callable[[Asked], Awaitable[Asked]]) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers JSON with JSON; what goes wrong as message and command to go on with."""

    async def answer(request: Request) -> Response:
        asked = await read_json(request)
        if asked is None:
            return JSONResponse({"error": "JSON"}, 400)
        try:
            with speaking(lang_in(asked)):
                return JSONResponse(await call(asked))
        except KvmlabError as error:
            return JSONResponse({"error": error.message, "todo": error.todo}, 409)

    return answer
