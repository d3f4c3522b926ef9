"""libvirt over its read-only socket: opened late, asked with a deadline, its errors told in our words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from kvmlab.errors import CouldNotLook
from kvmlab.remote.deadline import Later, TooLate, later
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY, HostRoot
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt

T = TypeVar("T")
TIMEOUT_S = 5.0
TODO = "systemctl status libvirtd"


class Libvirt:
    """A connection that can read and nothing else. `uri`: another one than the socket's, for tests."""

    def __init__(self, root: HostRoot, *, uri: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._root = root
        self._uri = uri
        self.timeout_s = timeout_s
        self._opening: Later[libvirt.virConnect] | None = None
        self._lock = threading.Lock()
        self._silent = False

    def start(self) -> Later[libvirt.virConnect]:
        """Begin to connect, if that has not begun."""
        with self._lock:
            if self._opening is None:
                self._opening = later(self._open, "libvirt")
            return self._opening

    def ask(self, work: Callable[[libvirt.virConnect], T], more_s: float = 0) -> T:
        """What `work` reads from the connection. Raises CouldNotLook within the deadline (and `more_s`)."""
        if self._silent:
            raise _silent()
        try:
            return later(lambda: work(self.start().get(self.timeout_s)), "libvirt").get(self.timeout_s + more_s)
        except TooLate:
            self._silent = True
            raise _silent() from None
        except CouldNotLook:
            raise
        except Exception as error:
            raise self._told(error) from error

    def fresh(self) -> libvirt.virConnect:
        """A connection of its own, for events. Raises what libvirt raises, or TooLate."""
        return later(self._open, "libvirt").get(self.timeout_s)

    def refresh(self) -> None:
        """A new pass: connect again where the connection has gone."""
        with self._lock:
            opening, self._silent = self._opening, False
            if opening is not None and not (opening.done() and self._stands(opening)):
                self._opening = None

    def close(self) -> None:
        """Let the connection go; libvirt closes it when the object goes."""
        self._opening = None

    def _open(self) -> libvirt.virConnect:
        import libvirt

        libvirt.registerErrorHandler(lambda *_: None, None)  # it would print every error, also the expected ones
        if self._uri:
            return libvirt.openReadOnly(self._uri)
        with self._root.socket_name(LIBVIRT_READ_ONLY) as path:
            return libvirt.openReadOnly(f"qemu+unix:///system?socket={path}")

    def _stands(self, opening: Later[libvirt.virConnect]) -> bool:
        try:
            return bool(later(lambda: opening.get(0).isAlive(), "libvirt").get(0.5))
        except Exception:
            return False

    def _told(self, error: Exception) -> Exception:
        import libvirt

        if not isinstance(error, libvirt.libvirtError):
            return error if not isinstance(error, OSError) else _stopped(error.strerror or str(error))
        transport = (libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE)
        if error.get_error_domain() in transport or error.get_error_code() == libvirt.VIR_ERR_SYSTEM_ERROR:
            return _stopped(error.get_error_message() or "")
        return CouldNotLook(t("libvirt: {error}", error=error.get_error_message() or error), "virsh version")


def _silent() -> CouldNotLook:
    return CouldNotLook(t("libvirtd on the lab host does not answer."), TODO)


def _stopped(said: str) -> CouldNotLook:
    if said.startswith("Failed to connect socket"):
        said = said.rpartition(": ")[2]  # between stands a path of ours
    return CouldNotLook(t("libvirtd on the lab host cannot be reached: {said}.", said=said.rstrip(".")), TODO)
