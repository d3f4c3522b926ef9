"""The page of `kvmlab class open --page`: where browsers come in."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from kvmlab.classroom.door.certificate import certificate_of
from kvmlab.classroom.door.desk import Desk
from kvmlab.classroom.door.fronts import Side
from kvmlab.classroom.door.pages import PageDesk
from kvmlab.classroom.folder import Class
from kvmlab.cli.classroom.listening import listener_at, server_name
from kvmlab.cli.page import must_have_page
from kvmlab.errors import UsageError
from kvmlab.words import t

HTTPS = 443
LOOPBACK = "127.0.0.1"
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""Of a host, or an IPv4 address, as a browser sends it."""


def page_of(
    found: Class, desk: Desk, stack: contextlib.ExitStack, args: argparse.Namespace, tell: Callable[[str], None]
) -> Side:
    """The page, at its port. UsageError for a name or address that is none."""
    must_have_page()
    name = server_name(args.server)
    outer = outer_host(args.proxy) if args.proxy else ""
    host_of(name, args.page)
    listener = stack.enter_context(listener_at(LOOPBACK if outer else args.listen, args.page))
    port = listener.getsockname()[1]
    host = outer or host_of(name, port)
    certificate = None if outer else certificate_of(found, name)
    tell(t("In a browser: {url}", url=f"https://{host}/"))
    if certificate:
        tell(t("Its certificate's SHA-256: {fingerprint}", fingerprint=certificate.fingerprint))
    else:
        tell(t("The proxy passes it on to {url}, with the Host it was asked for.", url=f"http://{LOOPBACK}:{port}/"))
    desk_of_page = PageDesk(found, desk)
    side = desk_of_page.side(listener, [host], certificate)
    tell(t("The board, in one browser: {url}", url=desk_of_page.link))
    return side


def host_of(name: str, port: int) -> str:
    """The Host of requests to that server and port. UsageError where it is no name."""
    shown = _shown(name)
    if not shown:
        raise UsageError(t("{name} is no host's name.", name=name[:80]), "kvmlab class open --page --server NAME")
    return shown if port == HTTPS else f"{shown}:{port}"


def _shown(name: str) -> str:
    """A name or address as a browser sends it (an IPv6 address in its short form, RFC 5952, in brackets); "": none."""
    with contextlib.suppress(ValueError):
        if "%" not in name:  # of one computer's own links
            return f"[{ipaddress.IPv6Address(name)}]"
    return name if _NAME.fullmatch(name) else ""


def outer_host(url: str) -> str:
    """The Host of requests to that address."""
    try:
        parts = urlsplit(url.lower())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    sound = (
        parts.scheme == "https" and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    )
    shown = _shown(parts.hostname or "")
    if not sound or not shown:
        said = t("{url} is not an address as of https://NAME.", url=url[:80])
        raise UsageError(said, "kvmlab class open --page --proxy https://class.example.org")
    return f"{shown}:{port}" if port and port != HTTPS else shown
