"""A port that this computer listens at."""

from __future__ import annotations

import errno
import socket
import time

from kvmlab.errors import CannotRun
from kvmlab.words import t

BUSY_S = 5.0
"""How long the front of a door that was killed may take to leave its port."""


def server_name(given: str | None) -> str:
    """The server's name or address, an IPv6 address without brackets; without one this computer's own name."""
    return (given or socket.gethostname()).lower().removeprefix("[").removesuffix("]")


def listener_at(address: str | None, port: int) -> socket.socket:
    """A socket that listens there; without an address on all there are, IPv6 too."""
    both = address is None and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in (address or "") else socket.AF_INET
    began = time.monotonic()
    while True:
        try:
            return socket.create_server((address or "", port), family=family, dualstack_ipv6=both, backlog=100)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() - began < BUSY_S:
                time.sleep(0.2)
                continue
            said = t("Port {port} of {address} cannot be listened at: {reason}.", port=port,
                     address=address or "*", reason=error.strerror or error)  # fmt: skip
            raise CannotRun(said, f"ss -ltnp 'sport = :{port}'") from None
