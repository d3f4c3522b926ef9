"""Connections to a lab host that were made before anybody asked, for the one look that takes them.

They are half of what a check takes. Nothing that was read over them is kept, and they are taken only where they lead
where new ones would: to the same root, through the same sockets, with an answer now. Else they are as if they had
never been.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from kvmlab.guest.search import Search
from kvmlab.host.connection import TIMEOUT_S, Libvirt
from kvmlab.host.surroundings import HostSurroundings
from kvmlab.remote.deadline import Later, later
from kvmlab.remote.host_connection import STANDS_S, HostConnection
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY, SSH, HostRoot
from kvmlab.remote.ssh import Session

_SOCKETS = (LIBVIRT_READ_ONLY, SSH)


class Known(Protocol):
    """A guest of the lab: its name, and its address at the start or ""."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...


@dataclass(frozen=True)
class Connected:
    """Connections to one lab host. `sockets`: which files they went through."""

    root: HostRoot
    key: Path
    sockets: tuple[tuple[int, ...], ...]
    libvirt: Libvirt
    way: HostConnection

    def leads_to(self, root: HostRoot, key: Path) -> bool:
        """Whether new connections would lead there, too, and these answer. Raises OSError."""
        if (self.root, self.key, self.sockets) != (root, key, _sockets(root)):
            return False
        asked: list[Later[object]] = [
            later(lambda: self.libvirt.ask(lambda connection: connection.getLibVersion()), "libvirt"),
            self.way.greet(),
        ]
        try:
            for answer in asked:
                answer.get(STANDS_S * self.way.patience)
        except Exception:
            return False
        self.way.refresh()
        return True

    def enter(self, name: str, address: str) -> None:
        """Connect to a guest that is at that address, too, or wherever it is found."""
        search = Search(name, HostSurroundings(self.libvirt, self.way), self.key,
                        expected=[address.partition("/")[0]], patience=self.way.patience)  # fmt: skip
        inside = search.run()
        if inside and isinstance(inside.channel, Session):
            self.way.leave_standing(inside.address, inside.channel)

    def close(self) -> None:
        """Hang up."""
        self.libvirt.close()
        self.way.close()


_standing: Connected | None = None


def stand(root: HostRoot, key: Path, guests: Iterable[Known], patience: float) -> None:
    """Begin to connect to a lab host and to its guests, for the next `taken`; what cannot be reached is left out."""
    global _standing
    let_go()
    with suppress(OSError):
        sockets = _sockets(root)
        one = Connected(root, key, sockets, Libvirt(root), HostConnection(root, key, patience=patience))
        one.way.start()
        one.libvirt.start()
        for guest in guests:
            later(partial(one.enter, guest.name, guest.address), "guest")
        _standing = one


def taken(root: HostRoot, key: Path, patience: float) -> tuple[Libvirt, HostConnection] | None:
    """What stands, once; None where nothing does, or where it does not lead to this lab host as it is now."""
    global _standing
    one, _standing = _standing, None
    if one is None:
        return None
    one.libvirt.timeout_s, one.way.patience = TIMEOUT_S * patience, patience
    with suppress(OSError):
        if one.leads_to(root, key):
            return one.libvirt, one.way
    one.close()
    return None


def let_go() -> None:
    """Hang up what stands, if anything does."""
    global _standing
    one, _standing = _standing, None
    if one is not None:
        one.close()


def _sockets(root: HostRoot) -> tuple[tuple[int, ...], ...]:
    """Which files the sockets are, and when something of them last changed: their owner, their mode. Raises OSError."""
    found = []
    for path in _SOCKETS:
        with root.opened(path) as file:
            status = os.fstat(file)
        found.append((status.st_dev, status.st_ino, status.st_ctime_ns))
    return tuple(found)
