"""A domain as it is now: its state, its process, what is kept of it."""

from __future__ import annotations

from shlex import quote
from typing import Any

from kvmlab.checks.reader import Cause
from kvmlab.host.domain.definition import Definition
from kvmlab.host.domain.outline import outline
from kvmlab.host.domain.states import STATES
from kvmlab.host.xml import number

# virDomain…Reason per state, in virsh's words (virsh domstate --reason).
REASONS: dict[str, tuple[str, ...]] = {
    "running": ("unknown", "booted", "migrated", "restored", "from snapshot", "unpaused", "migration canceled",
                "save canceled", "event wakeup", "crashed", "post-copy", "post-copy failed"),
    "paused": ("unknown", "user", "migrating", "saving", "dumping", "I/O error", "watchdog", "from snapshot",
               "shutting down", "creating snapshot", "crashed", "starting up", "post-copy", "post-copy failed",
               "API error"),
    "in shutdown": ("unknown", "user"),
    "shut off": ("unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot",
                 "daemon"),
    "crashed": ("unknown", "panicked"),
}  # fmt: skip


class LibvirtDomain(Definition):
    """Its definition, and what libvirt knows besides the XML."""

    @property
    def state(self) -> str:
        return STATES[self._state()[0]]

    @property
    def reason(self) -> str:
        state, reason = self._state()
        words = REASONS.get(STATES[state], ("unknown",))
        return words[reason] if reason < len(words) else "unknown"

    def _state(self) -> tuple[int, int]:
        state, reason = self.domain.state()
        return (state if state < len(STATES) else 0), reason

    @property
    def qemu_stopped(self) -> bool:
        return self.active and bool(self.way.ask("qemus").get(self.domain.name(), {}).get("stopped"))

    def taken_apart(self) -> list[Cause]:
        """What decides about its state beside what libvirt says of it."""
        if not self.qemu_stopped:
            return []
        see = f"ps -o pid,stat,args -p $(cat /run/libvirt/qemu/{quote(self.domain.name())}.pid)"
        return [Cause("qemu_stopped", True, False, see, alone=True)]

    @property
    def persistent(self) -> bool:
        return bool(self.domain.isPersistent())

    @property
    def autostart(self) -> bool:
        return self.persistent and bool(self.domain.autostart())

    @property
    def changed(self) -> bool:
        if not self.active or not self.persistent:
            return False
        return outline(self.root) != outline(Definition(self.domain, "stored", self.way).root)

    @property
    def id(self) -> int | None:
        found = self.domain.ID()
        return found if found >= 0 else None

    @property
    def pid(self) -> int | None:
        text = self.way.text(f"/run/libvirt/qemu/{self.domain.name()}.pid") if self.active else None
        return None if text is None else number(text)

    @property
    def rss_mib(self) -> int | None:
        return self._statistic("rss")

    @property
    def balloon_mib(self) -> int | None:
        return self._statistic("actual")

    def _statistic(self, name: str) -> int | None:
        if not self.active:
            return None
        kib: Any = self.domain.memoryStats().get(name)
        return None if kib is None else round(kib / 1024)

    @property
    def managed_save(self) -> bool:
        return bool(self.domain.hasManagedSaveImage())

    @property
    def snapshots(self) -> list[str]:
        return [found.getName() for found in self.domain.listAllSnapshots()]

    @property
    def agent(self) -> bool:
        channel = self._agent()
        return channel is not None and channel.get("state") == "connected"

    @property
    def log(self) -> str | None:
        said: str | None = self.way.find("domain_log", name=self.domain.name())
        return said
