"""The guest inside a domain. Key: guest (GUEST, ADDRESS or "").

ADDRESS is where the checker expects it; "" means wherever the host finds it. A guest that cannot be reached is
CouldNotLook with the reason, never MissingObject and never a wrong fact.
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Number, Word
from kvmlab.checks.findings import Finding
from kvmlab.checks.vocabulary.guest_network import (
    GuestAddress,
    GuestAddresses,
    GuestName,
    GuestReach,
    GuestResolver,
    GuestRoute,
    StoredGuestNetwork,
)
from kvmlab.checks.vocabulary.guest_storage import Block, Filesystem, Fstab, GuestFile, Mount
from kvmlab.checks.vocabulary.guest_system import Cpus, Driver, GuestModule, GuestProcess, GuestService, Memory
from kvmlab.checks.vocabulary.in_guest import InGuest


class GuestFacts(Facts, total=False):
    """The guest as a whole."""

    hostname: Annotated[Word, "hostname", "its name for itself"]
    kernel: Annotated[Word, "uname -r", "release of its kernel"]
    cmdline: Annotated[Word, "cat /proc/cmdline", 'kernel parameters: "console=ttyS0"']
    uptime_s: Annotated[Number, "cat /proc/uptime", "seconds since it booted"]
    machine_id: Annotated[Word, "cat /etc/machine-id", "None: it has none"]
    hypervisor: Annotated[Word, "systemd-detect-virt", '"kvm", "qemu", as the guest sees it; None: unknown']


class Guest(InGuest):
    """The guest inside a domain, reached over SSH at `address`, or wherever the host finds it."""

    kind = "guest"
    facts = GuestFacts
    label = "guest {0}"
    see = "hostname"
    named = 0

    def shows(self, **want: Unpack[GuestFacts]) -> Finding:
        return self._finding(want)

    def addresses(self) -> GuestAddresses:
        """All its addresses."""
        return GuestAddresses(self.reader, self.key)

    def address(self, dev: str = "eth0") -> GuestAddress:
        """One of its NICs."""
        return GuestAddress(self.reader, (*self.key, dev))

    def route(self, destination: str = "default") -> GuestRoute:
        """A route: "default" or "10.2.0.0/16"."""
        return GuestRoute(self.reader, (*self.key, destination))

    def mount(self, path: str) -> Mount:
        """What is mounted at `path` now."""
        return Mount(self.reader, (*self.key, path))

    def filesystem(self, device: str) -> Filesystem:
        """What is on `device`: "/dev/vdb"."""
        return Filesystem(self.reader, (*self.key, device))

    def file(self, path: str) -> GuestFile:
        """A file of it."""
        return GuestFile(self.reader, (*self.key, path))

    def stored_network(self, dev: str = "eth0") -> StoredGuestNetwork:
        """What its next boot does with a NIC."""
        return StoredGuestNetwork(self.reader, (*self.key, dev))

    def fstab(self, path: str) -> Fstab:
        """What its next boot mounts at `path`."""
        return Fstab(self.reader, (*self.key, path))

    def service(self, name: str) -> GuestService:
        """A service of it."""
        return GuestService(self.reader, (*self.key, name))

    def resolver(self) -> GuestResolver:
        """Whom it asks for names."""
        return GuestResolver(self.reader, self.key)

    def resolves(self, name: str) -> GuestName:
        """What a name resolves to there."""
        return GuestName(self.reader, (*self.key, name))

    def module(self, name: str) -> GuestModule:
        """A kernel module."""
        return GuestModule(self.reader, (*self.key, name))

    def driver(self, dev: str) -> Driver:
        """The driver of a NIC ("eth0") or disk ("vdb")."""
        return Driver(self.reader, (*self.key, dev))

    def cpus(self) -> Cpus:
        """Its processors."""
        return Cpus(self.reader, self.key)

    def memory(self) -> Memory:
        """Its memory."""
        return Memory(self.reader, self.key)

    def block(self, dev: str) -> Block:
        """A block device: "vdb"."""
        return Block(self.reader, (*self.key, dev))

    def disk_at(self, pci: str | None) -> Block:
        """The disk at a place on the PCI bus (`live.disk(target="vdb").value("pci")`), whatever the guest calls it."""
        return Block(self.reader, (*self.key, f"pci:{pci}"))

    def process(self, pattern: str, called: str = "") -> GuestProcess:
        """Processes whose command line fits a regular expression. `called`: what the student reads in its place."""
        return GuestProcess(self.reader, (*self.key, pattern), called)

    def reach(self, to: str, port: int | None = None) -> GuestReach:
        """The way from it to an address, or to a TCP port there."""
        return GuestReach(self.reader, (*self.key, to, "" if port is None else str(port)))
