"""The one gate before all of the page, for HTTP and for WebSockets (which no middleware for HTTP sees).

Any page in any browser on this computer can reach a loopback port, and a name that leads to 127.0.0.1 makes it look
like its own site (DNS rebinding). So Host and Origin are compared exactly, a missing Origin is refused wherever
something is told or done, and whoever asks has a session. Open to all are the page's own files, which tell nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from kvmlab.page.keys import Keys

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOGIN = "/api/login"
KEY_HEADER = "x-kvmlab-key"
BODY_BYTES = 64 << 10
HEADERS_BYTES = 16 << 10
_FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class RefusedRequest(Exception):
    """Why somebody is not let through; for the log and the tests, the answer says no more than the reason."""


class Site(NamedTuple):
    """What a browser reaches us as. `hosts`: what Host may be, "127.0.0.1:8123"; `cookie`: its name, where that is not
    one for each port, because a browser tells hosts apart and not ports."""

    hosts: frozenset[str]
    scheme: str = "http"
    cookie: str = ""

    def cookie_name(self, host: str) -> str:
        """The cookie's name for a Host."""
        return self.cookie or f"kvmlab-{host.rpartition(':')[2]}"


class Gate:
    """Lets through to `app` who may pass."""

    def __init__(self, app: App, keys: Keys, site: Site) -> None:
        self._app, self._keys, self._site = app, keys, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI (https://asgi.readthedocs.io); scope["session"] is whose request it is, or ""."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(12)
        try:
            scope["session"], scope["nonce"] = await self._session(scope), nonce
        except RefusedRequest as reason:
            await refuse(scope, receive, _guarded(send, nonce), str(reason))
            return
        await self._app(scope, _bounded(receive), _guarded(send, nonce) if scope["type"] == "http" else send)

    async def _session(self, scope: Scope) -> str:
        """The session of a request that may pass, "" for one that needs none. Raises RefusedRequest."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_BYTES:
            raise RefusedRequest("headers too long")
        host, origin = _one(scope, "host"), _one(scope, "origin")
        if host not in self._site.hosts:
            raise RefusedRequest("another Host")
        if origin not in (None, f"{self._site.scheme}://{host}"):
            raise RefusedRequest("another Origin")
        if _one(scope, "sec-fetch-site") not in (None, "same-origin", "none"):
            raise RefusedRequest("another site")
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            if scope["path"] == "/" or scope["path"].startswith("/static/"):
                return ""
            raise RefusedRequest("another method")
        if origin is None:
            raise RefusedRequest("no Origin")
        return await self._known(scope, host or "")

    async def _known(self, scope: Scope, host: str) -> str:
        if scope["type"] == "http":
            if scope["method"] != "POST":
                raise RefusedRequest("another method")
            if _one(scope, "content-type") != "application/json":
                raise RefusedRequest("another content type")
            if scope["path"] == LOGIN:
                return ""
        session = await self._keys.whose(_cookie(scope, self._site.cookie_name(host)))
        if session is None:
            raise RefusedRequest("no session")
        if scope["type"] == "http":
            if not self._keys.fits(session, _one(scope, KEY_HEADER) or ""):
                raise RefusedRequest("no key")
            return session
        if not self._keys.redeem(_ticket(scope), session, scope["path"]):
            raise RefusedRequest("no ticket")
        return session


def policy(nonce: str) -> str:
    """What the page may load: its own files; styles that it makes itself (xterm.js does) bear the nonce."""
    return (
        "default-src 'none'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _one(scope: Scope, name: str) -> str | None:
    """A header's value, None where it is not there. Twice: RefusedRequest."""
    found: list[str] = [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name.encode()]
    if len(found) > 1:
        raise RefusedRequest(f"two headers {name}")
    return found[0] if found else None


def _cookie(scope: Scope, name: str) -> str:
    try:
        found = SimpleCookie(_one(scope, "cookie") or "").get(name)
    except CookieError:
        found = None
    return str(found.value) if found else ""


def _ticket(scope: Scope) -> str:
    try:
        return str(parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get("ticket", [""])[0])
    except ValueError:
        return ""


async def refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    """403; a WebSocket is closed before it is accepted, which is a 403, too (RFC 6455, 4.2.2)."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": f"refused: {reason}\n".encode()})


def _bounded(receive: Receive) -> Receive:
    """A request's body is cut off where it gets too long: it is then no JSON any more."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > BODY_BYTES:
                return {"type": "http.request", "body": b"", "more_body": False}
        return message

    return bounded


def _guarded(send: Send, nonce: str) -> Send:
    """Every answer says what a browser may do with it."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_headers(nonce)]
        await send(message)

    return guarded


def _headers(nonce: str) -> Iterator[tuple[bytes, bytes]]:
    for name, value in {**_FIXED, "content-security-policy": policy(nonce)}.items():
        yield name.encode(), value.encode()
