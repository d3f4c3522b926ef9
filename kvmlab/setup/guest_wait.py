"""Waiting until guests answer: from outside, through the lab host's ssh.sock, to each guest's port 22."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import SSH, HostRoot
from kvmlab.remote.ssh import Session, Unreachable, connect
from kvmlab.words import t

_PAUSE_S = 0.03
_CONNECT_S = 5


def host_session(root: HostRoot, look_key: Path, silence: Silence) -> Session:
    """SSH to the lab host, as soon as it answers there; CannotRun after the silence."""
    for longest_s in _longer_each_time():
        try:
            return connect(root.connect(SSH, longest_s), look_key, timeout_s=longest_s, host_key=root.host_key)
        except (OSError, Unreachable) as error:
            if silence.over:
                raise CannotRun(t("The lab host does not answer: {error}.", error=error), "kvmlab doctor") from None
            time.sleep(_PAUSE_S)
    raise AssertionError


def wait_for_guests(session: Session, addresses: Mapping[str, str], silence: Silence) -> None:
    """Return once every guest (name to address) sends its SSH banner (RFC 4253, 4.2); CannotRun after the silence."""
    for name, address in addresses.items():
        tries = _longer_each_time()
        while not _answers(session, address, next(tries)):
            if silence.over:
                raise CannotRun(
                    t("Guest {guest} did not answer at {address} within {seconds} s.",
                      guest=name, address=address, seconds=round(silence.after_s)),
                    "kvmlab doctor",
                )  # fmt: skip
            time.sleep(_PAUSE_S)


def _longer_each_time() -> Iterator[float]:
    """How many seconds each try may take: more after each that took all of them. So it is tried soon again after a
    packet was lost, and at last long enough for a computer on which a handshake takes half a minute."""
    longest_s = float(_CONNECT_S)
    while True:
        began = time.monotonic()
        yield longest_s
        if time.monotonic() - began >= longest_s:
            longest_s = min(60.0, longest_s * 1.5)


def _answers(session: Session, address: str, longest_s: float) -> bool:
    try:
        with session.tunnel(address, 22, timeout_s=longest_s) as channel:
            channel.settimeout(longest_s)
            return bool(channel.recv(4) == b"SSH-")
    except (OSError, EOFError, Unreachable):
        return False
