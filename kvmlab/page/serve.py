"""The server: on the loopback address alone, its port the one it had last time where that is free."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kvmlab.course.book import read_book
from kvmlab.errors import CannotRun
from kvmlab.page.app import PageServer
from kvmlab.page.commands import Commands
from kvmlab.page.files import Files
from kvmlab.page.gate import LOGIN, App, Gate, Site
from kvmlab.page.keys import SESSION_S, Keys, PreviousServer, remember, remembered
from kvmlab.page.peer import OwnUser
from kvmlab.page.requests import read_json
from kvmlab.paths import State
from kvmlab.words import t

ADDRESS = "127.0.0.1"
FRAME_BYTES = 64 << 10
"""Of a WebSocket's message from a browser, at most."""
OPTIONS: dict[str, Any] = {
    "http": "h11",
    "ws": "websockets-sansio",
    "loop": "asyncio",
    "ws_max_size": FRAME_BYTES,
    "ws_max_queue": 8,
    "ws_per_message_deflate": False,
    "ws_ping_timeout": 60,
    "limit_concurrency": 100,
    "timeout_graceful_shutdown": 2,
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_level": "warning",
}
"""Of uvicorn."""


def serve(state: State, commands: Commands, course: Path, port: int | None, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `port` None: the one of last time, or any. `say` is given each link that lets a
    browser in. CannotRun where the port is taken."""
    file = state.root / "page.json"
    with state.lock("page", wait=False):
        before = remembered(file)
        with _listening(port, before.port) as listener:
            port = listener.getsockname()[1]
            remember(file, PreviousServer(before.secret, port))
            keys = Keys(before.secret)
            keys.on_new_token = lambda token: say(link(port, token))
            site = Site(frozenset({f"{ADDRESS}:{port}", f"localhost:{port}"}))
            asyncio.run(_serve(listener, OwnUser(Gate(page(commands, keys, course, site), keys, site)), keys))


def page(commands: Commands, keys: Keys, course: Path, site: Site) -> Starlette:
    """All of the page of this computer's user, to be put behind the gate."""

    async def login(request: Request) -> Response:
        asked = await read_json(request)
        both = keys.login(asked.get("token")) if asked else None
        if both is None:
            return JSONResponse({"error": t("This link was used already, or is an old one.")}, 403)
        cookie, key = both
        answer = JSONResponse({"key": key})
        name = site.cookie_name(request.headers["host"])
        answer.set_cookie(name, cookie, max_age=SESSION_S, httponly=True, samesite="strict", path="/")
        return answer

    server = PageServer(commands, keys, partial(read_book, course))
    routes = [*Files("link").routes(), Route(LOGIN, login, methods=["POST"]), *server.routes()]
    return Starlette(routes=routes, lifespan=server.open)


def link(port: int, token: str) -> str:
    """What lets one browser in, once. A browser does not send what stands behind the `#`."""
    return f"http://{ADDRESS}:{port}/#token={token}"


async def _serve(listener: socket.socket, app: App, keys: Keys) -> None:
    server = uvicorn.Server(uvicorn.Config(app, **OPTIONS))
    keys.on_new_token(keys.token)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    await server.serve(sockets=[listener])


@contextlib.contextmanager
def _listening(port: int | None, last: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for wanted in [port] if port is not None else [last, 0]:
            try:
                listener.bind((ADDRESS, wanted))
                break
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
        else:
            raise CannotRun(t("Port {port} is taken.", port=port), "kvmlab serve")
        listener.listen(128)
        yield listener
