"""The server: on the loopback address alone, its port the one it had last time where that is free."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from kvmlab.errors import CannotRun
from kvmlab.page.app import VENDOR, PageServer
from kvmlab.page.commands import Commands
from kvmlab.page.gate import App, Gate
from kvmlab.page.keys import Keys, PreviousServer, remember, remembered
from kvmlab.page.peer import OwnUser
from kvmlab.paths import State
from kvmlab.words import t

ADDRESS = "127.0.0.1"
FRAME_BYTES = 64 << 10
"""Of a WebSocket's message from a browser, at most."""
SOCKETS = 100
CLOSE_S = 2


def serve(state: State, commands: Commands, course: Path, port: int | None, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `port` None: the one of last time, or any. `say` is given each link that lets a
    browser in. CannotRun where the page was not built, or the port is taken."""
    if not (VENDOR / "recipe").is_file():
        message = t("The page's terminal is not here: it is fetched when kvmlab is set up for the page.")
        raise CannotRun(message, "./script/setup page")
    file = state.root / "page.json"
    with state.lock("page", wait=False):
        before = remembered(file)
        with _listening(port, before.port) as listener:
            port = listener.getsockname()[1]
            remember(file, PreviousServer(before.secret, port))
            keys = Keys(before.secret)
            keys.on_new_token = lambda token: say(link(port, token))
            asyncio.run(_serve(listener, PageServer(commands, keys, course).app(), keys))


def link(port: int, token: str) -> str:
    """What lets one browser in, once. A browser does not send what stands behind the `#`."""
    return f"http://{ADDRESS}:{port}/#token={token}"


async def _serve(listener: socket.socket, app: App, keys: Keys) -> None:
    port = listener.getsockname()[1]
    hosts = frozenset({f"{ADDRESS}:{port}", f"localhost:{port}"})
    server = uvicorn.Server(
        uvicorn.Config(
            OwnUser(Gate(app, keys, lambda: hosts)),
            http="h11",
            ws="websockets-sansio",
            loop="asyncio",
            ws_max_size=FRAME_BYTES,
            ws_max_queue=8,
            ws_per_message_deflate=False,
            ws_ping_timeout=60,
            limit_concurrency=SOCKETS,
            timeout_graceful_shutdown=CLOSE_S,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
        )
    )
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
