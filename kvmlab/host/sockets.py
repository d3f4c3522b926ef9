"""Unix sockets by a path of any length: the kernel takes 107 bytes, a state directory may be deeper."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A short name of the same file, for as long as the context lasts (proc(5), /proc/self/fd)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def connect(path: Path, timeout_s: float) -> socket.socket:
    """A stream connected to a Unix socket. Raises OSError."""
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        stream.settimeout(timeout_s)
        with short(path) as name:
            stream.connect(name)
    except BaseException:
        stream.close()
        raise
    return stream
