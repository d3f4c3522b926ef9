"""Waiting until guests answer: from outside, through the lab host's ssh.sock, to each guest's port 22."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.host.root import SSH, HostRoot
from kvmlab.words import t

if TYPE_CHECKING:
    import paramiko

_PAUSE_S = 0.03
_CONNECT_S = 5


def wait_for_guests(root: HostRoot, look_key: Path, addresses: Mapping[str, str], timeout_s: float) -> None:
    """Return once every guest (name to address) sends its SSH banner (RFC 4253, 4.2)."""
    deadline = time.monotonic() + timeout_s
    with _transport(root, look_key, deadline) as transport:
        for name, address in addresses.items():
            while not _answers(transport, address):
                if time.monotonic() > deadline:
                    raise CannotRun(
                        t("Guest {guest} did not answer at {address} within {seconds} s.",
                          guest=name, address=address, seconds=round(timeout_s)),
                        "kvmlab doctor",
                    )  # fmt: skip
                time.sleep(_PAUSE_S)


@contextlib.contextmanager
def _transport(root: HostRoot, look_key: Path, deadline: float) -> Iterator[paramiko.Transport]:
    import logging

    import paramiko

    from kvmlab.guest.ssh import Unreachable, verify_host_key

    # Each refusal while a guest boots is expected, and paramiko would tell of it on standard error.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    while True:
        try:
            transport = paramiko.Transport(root.connect(SSH, _CONNECT_S))
            transport.start_client(timeout=5)
            verify_host_key(transport, root.host_key)
            transport.auth_publickey("root", paramiko.Ed25519Key.from_private_key_file(str(look_key)))
            break
        except (OSError, EOFError, Unreachable, paramiko.SSHException) as error:
            if time.monotonic() > deadline:
                raise CannotRun(t("The lab host does not answer: {error}.", error=error), "kvmlab doctor") from None
            time.sleep(_PAUSE_S)
    try:
        yield transport
    finally:
        transport.close()


def _answers(transport: paramiko.Transport, address: str) -> bool:
    import paramiko

    try:
        channel = transport.open_channel("direct-tcpip", (address, 22), ("127.0.0.1", 0), timeout=5)
        channel.settimeout(5)
        with channel:
            return bool(channel.recv(4) == b"SSH-")
    except (OSError, EOFError, paramiko.SSHException):
        return False
