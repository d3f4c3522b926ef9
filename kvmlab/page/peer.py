"""Whose connection it is: a port of the loopback address can be reached by every user of this computer.

While no server of ours listens at its port, another user's may, and is told the cookie and the key by a page that is
still open. Neither is of any use to that user, because the kernel knows whose the other end of a connection is.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from kvmlab.page.gate import App, Receive, Scope, Send, refuse

ESTABLISHED = "01"
_ROOT = 0
"""May do anything as anybody, and relays a browser outside (WSL2)."""


class OwnUser:
    """Lets through to `app` what this user, or root, has connected."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan" or owner(scope["client"], scope["server"]) in (_ROOT, os.geteuid()):
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, "another user")


def owner(client: tuple[str, int], server: tuple[str, int]) -> int | None:
    """The user id of who has connected from `client` (IPv4 address, port); None where the connection does not stand, or
    not on this computer. Where it is said: /proc/net/tcp (proc_net(5)); nobody can hide from it."""
    for table, before in (("tcp", ""), ("tcp6", "::ffff:")):
        wanted = [_shown(before, client), _shown(before, server), ESTABLISHED]
        with suppress(FileNotFoundError), Path("/proc/net", table).open(encoding="ascii") as lines:  # no IPv6 at all
            for line in lines:
                fields = line.split()
                if fields[1:4] == wanted:
                    return int(fields[7])
    return None


def _shown(before: str, end: tuple[str, int]) -> str:
    raw = socket.inet_pton(socket.AF_INET6 if before else socket.AF_INET, before + end[0])
    return "".join(f"{word:08X}" for (word,) in struct.iter_unpack("=I", raw)) + f":{end[1]:04X}"
