"""The process that faces browsers: TLS, the gate, the page; it can do nothing but ask the desk."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from kvmlab import words
from kvmlab.classroom.door import wire
from kvmlab.classroom.door.confine import confine
from kvmlab.classroom.door.line import DeskLine, Here
from kvmlab.course.book import Book, read_book
from kvmlab.page.classroom.app import COOKIE, ClassPage
from kvmlab.page.classroom.keys import ClassKeys
from kvmlab.page.classroom.outside import Outside, connections
from kvmlab.page.files import Files
from kvmlab.page.gate import Gate, Receive, Scope, Send, Site
from kvmlab.page.prose import html
from kvmlab.page.serve import OPTIONS

CONNECTIONS = 900


def context_of(pem: str) -> ssl.SSLContext:
    """A server's, with this key and certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    number = os.memfd_create("certificate")
    try:
        os.write(number, pem.encode())
        made.load_cert_chain(f"/proc/self/fd/{number}")
    finally:
        os.close(number)
    return made


def config_of(app: Any, context: ssl.SSLContext | None) -> uvicorn.Config:
    """How uvicorn serves the app."""
    tls = {"ssl_context_factory": lambda *_: context} if context else {}
    config = uvicorn.Config(app, **{**OPTIONS, "limit_concurrency": CONNECTIONS, "lifespan": "on", **tls})
    config.load()
    return config


async def serve(
    listener: socket.socket, desk_end: socket.socket, first: dict[str, Any], left: list[str], read: Any, files: Files,
    context: ssl.SSLContext | None,
) -> None:  # fmt: skip
    """Let in who may, until the desk is gone. `left`: what could not be given up."""
    asyncio.get_running_loop().set_default_executor(Here())
    desk, outside = DeskLine(desk_end), Outside()
    site = Site(frozenset(map(str, first["hosts"])), "https", COOKIE)
    keys = ClassKeys(bytes.fromhex(first["secret"]), desk)
    app = ClassPage(desk, keys, files, read, outside).app()
    config = config_of(Gate(app, keys, site), context)
    config.http_protocol_class = connections(outside)  # type: ignore[assignment]
    server = uvicorn.Server(config)
    telling = asyncio.ensure_future(desk.ask("ready", left=left))
    await server.serve(sockets=[listener])
    await telling


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Is never served."""


def main() -> NoReturn:
    """LISTENER DESK: file descriptors that we were started with."""
    listener, desk_end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    message = wire.hear(desk_end)
    if message is None:
        os._exit(0)
    first = message.said
    words.set_language(str(first["lang"]))
    context = context_of(str(first["certificate"])) if first["certificate"] else None
    read = _kept(Path(str(first["course"])))
    files = Files("code")
    config_of(_nothing, None)  # what it imports has to be here before there are no files any more
    html("")
    left = confine(str(first["empty"]))
    asyncio.run(serve(listener, desk_end, first, left, read, files, context))
    os._exit(0)


def _kept(course: Path) -> Any:
    books: dict[str, Book] = {lang: read_book(course, lang) for lang in words.LANGUAGES}
    return partial(_book, books)


def _book(books: dict[str, Book], lang: str) -> Book:
    return books[lang]


if __name__ == "__main__":
    main()
