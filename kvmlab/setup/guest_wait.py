"""Waiting until guests answer: from outside, through the lab host's ssh.sock, to each guest's port 22."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import SSH, HostRoot
from kvmlab.words import t

if TYPE_CHECKING:
    import paramiko

_PAUSE_S = 0.03
_CONNECT_S = 5


def wait_for_guests(root: HostRoot, look_key: Path, addresses: Mapping[str, str], silence: Silence) -> None:
    """Return once every guest (name to address) sends its SSH banner (RFC 4253, 4.2); CannotRun after the silence."""
    with _transport(root, look_key, silence) as transport:
        for name, address in addresses.items():
            tries = _longer_each_time()
            while not _answers(transport, address, next(tries)):
                if silence.over:
                    raise CannotRun(
                        t("Guest {guest} did not answer at {address} within {seconds} s.",
                          guest=name, address=address, seconds=round(silence.after_s)),
                        "kvmlab doctor",
                    )  # fmt: skip
                time.sleep(_PAUSE_S)


@contextlib.contextmanager
def _transport(root: HostRoot, look_key: Path, silence: Silence) -> Iterator[paramiko.Transport]:
    import logging

    import paramiko

    from kvmlab.remote.ssh import Unreachable, verify_host_key

    # Each refusal while a guest boots is expected, and paramiko would tell of it on standard error.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    for longest_s in _longer_each_time():
        try:
            transport = paramiko.Transport(root.connect(SSH, longest_s))
            transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = longest_s
            transport.start_client(timeout=longest_s)
            verify_host_key(transport, root.host_key)
            transport.auth_publickey("root", paramiko.Ed25519Key.from_private_key_file(str(look_key)))
            break
        except (OSError, EOFError, Unreachable, paramiko.SSHException) as error:
            if silence.over:
                raise CannotRun(t("The lab host does not answer: {error}.", error=error), "kvmlab doctor") from None
            time.sleep(_PAUSE_S)
    try:
        yield transport
    finally:
        transport.close()


def _longer_each_time() -> Iterator[float]:
    """How many seconds each try may take: more after each that took all of them. So it is tried soon again after a
    packet was lost, and at last long enough for a computer on which a handshake takes half a minute."""
    longest_s = float(_CONNECT_S)
    while True:
        began = time.monotonic()
        yield longest_s
        if time.monotonic() - began >= longest_s:
            longest_s = min(60.0, longest_s * 1.5)


def _answers(transport: paramiko.Transport, address: str, longest_s: float) -> bool:
    import paramiko

    try:
        channel = transport.open_channel("direct-tcpip", (address, 22), ("127.0.0.1", 0), timeout=longest_s)
        channel.settimeout(longest_s)
        with channel:
            return bool(channel.recv(4) == b"SSH-")
    except (OSError, EOFError, paramiko.SSHException):
        return False
