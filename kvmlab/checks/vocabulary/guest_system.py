"""A guest's kernel and services. Keys after (GUEST, ADDRESS): guest-service (NAME), guest-module (NAME),
guest-driver (DEV), guest-cpus (), guest-memory (), guest-process (PATTERN).
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Number, Word
from kvmlab.checks.findings import Finding
from kvmlab.checks.reader import Key, Reader
from kvmlab.checks.vocabulary.in_guest import InGuest
from kvmlab.checks.vocabulary.system import ServiceFacts
from kvmlab.safe_text import plain
from kvmlab.words import t


class GuestModuleFacts(Facts, total=False):
    """A kernel module of a guest."""

    loaded: Annotated[Flag, "lsmod", "loaded, or built in"]


class DriverFacts(Facts, total=False):
    """The driver behind a NIC or disk of a guest."""

    driver: Annotated[
        Word, "readlink /sys/class/*/{2}/device/driver", '"virtio_net", "e1000", "virtio_blk", "ata_piix"'
    ]


class CpusFacts(Facts, total=False):
    """Processors of a guest."""

    online: Annotated[Number, "nproc", "in use"]
    present: Annotated[Number, "cat /sys/devices/system/cpu/present", "there, in use or not"]
    model: Annotated[Word, "grep 'model name' /proc/cpuinfo", "model name as the guest sees it"]


class MemoryFacts(Facts, total=False):
    """Memory of a guest, as its kernel counts it (less than the domain's: the kernel keeps some)."""

    total_mib: Annotated[Number, "free -m", "MiB"]
    available_mib: Annotated[Number, "free -m", "MiB"]


class GuestProcessFacts(Facts, total=False):
    """Processes of a guest whose command line fits a regular expression."""

    count: Annotated[Number, "ps", "how many fit"]


class GuestService(InGuest):
    """A service of a guest, by systemd or by busybox's inittab. `systemctl status`"""

    kind = "guest-service"
    facts = ServiceFacts
    label = "service {2} in guest {0}"
    see = "systemctl status {2}"
    absent = "no such service"

    def _command(self, template: str) -> str:
        return super()._command(template.replace("{0}", "{2}"))

    def shows(self, **want: Unpack[ServiceFacts]) -> Finding:
        return self._finding(want)


class GuestModule(InGuest):
    """A kernel module of a guest. `lsmod`"""

    kind = "guest-module"
    facts = GuestModuleFacts
    label = "kernel module {2} in guest {0}"
    see = "lsmod"

    def shows(self, **want: Unpack[GuestModuleFacts]) -> Finding:
        return self._finding(want)


class Driver(InGuest):
    """The driver of a NIC or disk in a guest. `/sys/class/net/eth0/device/driver`"""

    kind = "guest-driver"
    facts = DriverFacts
    label = "driver of {2} in guest {0}"
    see = "ls /sys/class/net /sys/class/block"
    absent = "no such device"

    def shows(self, **want: Unpack[DriverFacts]) -> Finding:
        return self._finding(want)


class Cpus(InGuest):
    """Processors of a guest. `nproc`"""

    kind = "guest-cpus"
    facts = CpusFacts
    label = "processors of guest {0}"
    see = "nproc"
    named = 0

    def shows(self, **want: Unpack[CpusFacts]) -> Finding:
        return self._finding(want)


class Memory(InGuest):
    """Memory of a guest. `free`"""

    kind = "guest-memory"
    facts = MemoryFacts
    label = "memory of guest {0}"
    see = "free -m"
    named = 0

    def shows(self, **want: Unpack[MemoryFacts]) -> Finding:
        return self._finding(want)


class GuestProcess(InGuest):
    """Processes of a guest; none is `count` 0, not missing. `ps`"""

    kind = "guest-process"
    facts = GuestProcessFacts
    see = "ps"

    def __init__(self, reader: Reader, key: Key, called: str = "") -> None:
        super().__init__(reader, key)
        self._called = called

    @property
    def name(self) -> str:
        """As the student reads it: "process getty in guest web1"."""
        return plain(t("process {process} in guest {guest}", process=self._called or self.key[2], guest=self.key[0]))

    def shows(self, **want: Unpack[GuestProcessFacts]) -> Finding:
        return self._finding(want)
