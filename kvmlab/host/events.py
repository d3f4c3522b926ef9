"""Waiting until libvirt says that something has changed, so that nobody polls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from kvmlab.host.connection import Libvirt

if TYPE_CHECKING:
    import libvirt

_DOMAIN_EVENTS = ("LIFECYCLE", "REBOOT", "DEVICE_ADDED", "DEVICE_REMOVED", "AGENT_LIFECYCLE", "BALLOON_CHANGE",
                  "TUNABLE", "METADATA_CHANGE", "BLOCK_JOB")  # fmt: skip
_loop = threading.Lock()
_running = False


class Events:
    """libvirt's events of domains, networks, pools and guest agents. Nothing is started before the first `wait`."""

    def __init__(self, socket_of: Libvirt) -> None:
        self._libvirt = socket_of
        self._happened = threading.Event()
        self._listening = False
        self._connection: libvirt.virConnect | None = None

    def wait(self, timeout_s: float) -> bool:
        """Wait until something happens, at most `timeout_s` seconds; True if it did. Without libvirt, only waits."""
        if not self._listening:
            self._listening = self._listen()
        happened = self._happened.wait(max(0.0, timeout_s))
        self._happened.clear()
        return happened

    def _listen(self) -> bool:
        try:
            start_loop()
            self._connection = self._libvirt.fresh()
            self._register(self._connection)
        except Exception:  # libvirtd is stopped: then waiting is all that can be done, and trying again later
            return False
        return True

    def _register(self, connection: libvirt.virConnect) -> None:
        import libvirt

        def woken(*_: Any) -> None:
            self._happened.set()

        def lost(*_: Any) -> None:
            self._listening = False
            self._happened.set()

        connection.registerCloseCallback(lost, None)
        for name in _DOMAIN_EVENTS:
            if (number := getattr(libvirt, f"VIR_DOMAIN_EVENT_ID_{name}", None)) is not None:
                connection.domainEventRegisterAny(None, number, woken, None)
        connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, woken, None)
        for number in (libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH):
            connection.storagePoolEventRegisterAny(None, number, woken, None)


def start_loop() -> None:
    """libvirt's own event loop, in a daemon thread, once per process; to be started before the connection that it
    serves."""
    global _running
    import libvirt

    with _loop:
        if _running:
            return
        libvirt.virEventRegisterDefaultImpl()

        def turn() -> None:
            while True:
                libvirt.virEventRunDefaultImpl()

        threading.Thread(target=turn, name="kvmlab-events", daemon=True).start()
        _running = True
