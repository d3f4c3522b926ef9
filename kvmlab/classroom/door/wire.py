"""Messages between front and desk: JSON, one a packet (SOCK_SEQPACKET, unix(7)), with a terminal in some answers.

Each question has a number, which its answer repeats: several are asked at once.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST = 32_768
"""Bytes of a message."""


class Message(NamedTuple):
    """What was said; `terminal`: a file descriptor that came with it, ours to close."""

    said: dict[str, Any]
    terminal: int | None = None


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends; no other process can come to them."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(end: socket.socket, said: Mapping[str, Any], terminal: int | None = None) -> None:
    """Send a message. OSError where the other end is gone or does not keep up, ValueError for too long a one."""
    raw = json.dumps(dict(said)).encode()
    if len(raw) > MOST:
        raise ValueError("too long")
    socket.send_fds(end, [raw], [] if terminal is None else [terminal])


def hear(end: socket.socket) -> Message | None:
    """The next message; None where the other end is gone. ValueError for what is no message: nothing is kept of it."""
    raw, terminals, flags, _ = socket.recv_fds(end, MOST, 1)
    try:
        if not raw:
            return None
        said = json.loads(raw)
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or not isinstance(said, dict):
            raise ValueError("no message")
    except (ValueError, RecursionError):
        _close(terminals)
        raise ValueError("no message") from None
    return Message(said, terminals[0] if terminals else None)


def _close(terminals: list[int]) -> None:
    for one in terminals:
        os.close(one)
