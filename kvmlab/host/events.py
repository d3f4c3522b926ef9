"""Waiting until something has changed, so that nobody polls: libvirt's events, and signs of life on the lab host."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kvmlab.host.connection import Libvirt
from kvmlab.remote.deadline import later

if TYPE_CHECKING:
    import libvirt

    from kvmlab.remote.host_connection import HostConnection

_DOMAIN_EVENTS = ("LIFECYCLE", "REBOOT", "DEVICE_ADDED", "DEVICE_REMOVED", "AGENT_LIFECYCLE", "BALLOON_CHANGE",
                  "TUNABLE", "METADATA_CHANGE", "BLOCK_JOB")  # fmt: skip
_loop = threading.Lock()
_running = False


class HostEvents:
    """libvirt's events of domains, networks, pools and guest agents; with a way to the lab host, what stirs there, too.
    Nothing is started before the first `wait`."""

    def __init__(self, socket_of: Libvirt, way: HostConnection | None = None) -> None:
        self._libvirt = socket_of
        self._way = way
        self._waits = 0
        self._happened = threading.Event()
        self._listening = False
        self._connection: libvirt.virConnect | None = None

    def wait(self, timeout_s: float) -> bool:
        """Wait until something happens, at most `timeout_s` seconds; True if it did. Where nobody tells, only waits."""
        if not self._listening:
            self._listening = self._listen()
        self._waits += 1
        if self._way is not None and timeout_s > 0:
            later(lambda number=self._waits: self._heed(number, timeout_s), "stir")  # type: ignore[misc]
        happened = self._happened.wait(max(0.0, timeout_s))
        self._waits += 1  # what stirs from now on is whoever looks
        self._happened.clear()
        return happened

    def wake(self) -> None:
        """Something has happened that only the caller knows of; from any thread."""
        self._happened.set()

    def _heed(self, number: int, timeout_s: float) -> None:
        """Wake the wait of this number, if it still waits, when something stirs on the lab host."""
        assert self._way is not None
        with suppress(Exception):  # then libvirt's events and the time are all that is to be had
            if self._way.stirs(min(60, max(1, math.ceil(timeout_s)))) and number == self._waits:
                self._happened.set()

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
