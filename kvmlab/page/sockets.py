"""What goes on with a lab, over WebSockets: its state, a terminal, a guest's screen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kvmlab.errors import KvmlabError
from kvmlab.page.commands import Commands, Running
from kvmlab.page.labs import Feed, Labs
from kvmlab.page.requests import LAB, json_object
from kvmlab.page.terminals import PageTerminal, Terminals, Viewer, size_of
from kvmlab.words import LANGUAGES, t

GUEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")
TERMINAL = re.compile(rf"shell-[1-4]|console:{GUEST.pattern}")
SCREENS = 6
SCREEN_BYTES = 65536
KEY_EVENT = b"\4"
"""How a message of a browser begins that says of a key (RFC 6143, 7.5.4)."""


class Sockets:
    """Those of one user."""

    def __init__(self, commands: Commands, labs: Labs) -> None:
        self._commands, self._labs = commands, labs
        self.terminals, self._screens = Terminals(), 0

    def routes(self) -> list[BaseRoute]:
        """One for each kind."""
        return [
            WebSocketRoute("/ws/lab/{lang}/{lab}", self._lab),
            WebSocketRoute("/ws/terminal/{lang}/{lab}/{name}", self._terminal),
            WebSocketRoute("/ws/screen/{lab}/{guest}", self._screen),
        ]

    async def _lab(self, socket: WebSocket) -> None:
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

    async def _terminal(self, socket: WebSocket) -> None:
        lang, lab, name = (socket.path_params[part] for part in ("lang", "lab", "name"))
        if lang not in LANGUAGES or not LAB.fullmatch(lab) or not TERMINAL.fullmatch(name):
            await socket.close(1008)
            return
        await socket.accept()
        console = [f"--console={name.partition(':')[2]}"] if name.startswith("console:") else []
        opened = self.terminals.get(
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

    async def _screen(self, socket: WebSocket) -> None:
        lab, guest = socket.path_params["lab"], socket.path_params["guest"]
        if not LAB.fullmatch(lab) or not GUEST.fullmatch(guest) or self._screens >= SCREENS:
            await socket.close(1008)
            return
        await socket.accept()
        self._screens += 1
        try:
            async with self._commands.running("en", "exec", lab, f"--screen={guest}", reads=True) as process:
                poke = partial(self._labs.poke, lab)
                await _both(_from(process, socket), _to(process, socket, poke), _unheard(process))
        finally:
            self._screens -= 1


async def _from(process: Running, socket: WebSocket) -> None:
    assert process.stdout
    while piece := await process.stdout.read(SCREEN_BYTES):
        await socket.send_bytes(piece)
    await socket.close()


async def _to(process: Running, socket: WebSocket, typed: Callable[[], None]) -> None:
    """`typed` is told of keys: what they do in the guest nobody else may see."""
    assert process.stdin
    while True:
        piece = await socket.receive_bytes()
        process.stdin.write(piece)
        await process.stdin.drain()
        if piece.startswith(KEY_EVENT):
            typed()


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
        said = json_object(message.get("text") or "")
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


def _is_offset(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
