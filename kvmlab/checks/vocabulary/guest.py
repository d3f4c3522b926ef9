"""Inside a guest. Every key begins (GUEST, ADDRESS or ""): guest, guest-addresses, guest-cpus, guest-memory,
guest-resolver; with a third part guest-address (DEV), guest-route (DESTINATION), guest-mount (PATH), guest-filesystem
(DEVICE), guest-file (PATH), guest-network (DEV), guest-fstab (PATH), guest-service (NAME), guest-name (NAME),
guest-module (NAME), guest-driver (DEV), guest-block (DEV), guest-process (PATTERN); guest-reach (…, TO, PORT or "").

ADDRESS is where the checker expects it; "" means wherever the host finds it. A guest that cannot be reached is
CouldNotLook with the reason, never Missing and never a wrong fact.
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Mac, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.checks.text import plain
from kvmlab.checks.vocabulary.link import NameFacts, ReachFacts, ResolverFacts, RouteFacts
from kvmlab.checks.vocabulary.system import FileFacts, ServiceFacts
from kvmlab.words import t


class GuestFacts(Facts, total=False):
    """The guest as a whole."""

    hostname: Annotated[Word, "hostname", "its name for itself"]
    kernel: Annotated[Word, "uname -r", "release of its kernel"]
    cmdline: Annotated[Word, "cat /proc/cmdline", 'kernel parameters: "console=ttyS0"']
    uptime_s: Annotated[Number, "cat /proc/uptime", "seconds since it booted"]
    machine_id: Annotated[Word, "cat /etc/machine-id", "None: it has none"]
    hypervisor: Annotated[Word, "systemd-detect-virt", '"kvm", "qemu", as the guest sees it; None: unknown']


class GuestAddressesFacts(Facts, total=False):
    """All addresses of a guest."""

    addresses: Annotated[Words, "ip addr", 'IPv4, with prefix, without loopback: "10.0.0.122/24"']
    links: Annotated[Words, "ip link", 'names of its NICs: "eth0"']


class GuestAddressFacts(Facts, total=False):
    """A NIC of a guest."""

    addresses: Annotated[Words, "ip addr show {2}", 'IPv4, with prefix: "10.0.0.122/24"']
    mac: Annotated[Mac, "ip link show {2}", "its MAC address, lower case"]
    up: Annotated[Flag, "ip link show {2}", "set up"]
    dynamic: Annotated[Flag, "ip addr show {2}", "the address is from DHCP: a DHCP client runs on it"]
    mtu: Annotated[Number, "ip link show {2}", "bytes"]


class MountFacts(Facts, total=False):
    """What is mounted at a directory now."""

    source: Annotated[Word, "findmnt {2}", 'the device: "/dev/vdb"']
    fstype: Annotated[Word, "findmnt {2}", '"ext4"']
    options: Annotated[Words, "findmnt {2}", '"rw", "relatime"']


class FilesystemFacts(Facts, total=False):
    """The filesystem on a block device, mounted or not."""

    fstype: Annotated[Word, "blkid {2}", '"ext4"; None: none on it']
    label: Annotated[Word, "blkid {2}", "None: none"]
    uuid: Annotated[Word, "blkid {2}", "its UUID"]
    size_mib: Annotated[Number, "df -m {2}", "size of the filesystem, MiB; None: not mounted"]
    used_mib: Annotated[Number, "df -m {2}", "used, MiB; None: not mounted"]


class StoredNetworkFacts(Facts, total=False):
    """What the next boot will do with a NIC, from the guest's own files."""

    method: Annotated[Word, "cat {config}", '"dhcp", "static"; None: nothing is stored']
    address: Annotated[Word, "cat {config}", 'with prefix: "10.0.0.122/24"; None: none']
    gateway: Annotated[Word, "cat {config}", "None: none"]
    dns: Annotated[Words, "cat {config}", "name servers"]


class FstabFacts(Facts, total=False):
    """The line of fstab for a directory: what the next boot mounts there."""

    source: Annotated[Word, "cat /etc/fstab", 'as written: "/dev/vdb", "UUID=…", "LABEL=…"']
    device: Annotated[Word, "cat /etc/fstab; blkid", 'the device that is now: "/dev/vdb"; None: there is none']
    fstype: Annotated[Word, "cat /etc/fstab", '"ext4", "auto"']
    options: Annotated[Words, "cat /etc/fstab", '"defaults"']


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


class BlockFacts(Facts, total=False):
    """A block device of a guest."""

    size_mib: Annotated[Number, "cat /sys/class/block/{2}/size", "MiB"]
    driver: Annotated[Word, "readlink /sys/class/block/{2}/device/driver", '"virtio_blk"']
    partitions: Annotated[Words, "cat /proc/partitions", 'names of its partitions: "vdb1"']


class GuestProcessFacts(Facts, total=False):
    """Processes of a guest whose command line fits a regular expression."""

    count: Annotated[Number, "ps", "how many fit"]


class _Inside(Subject):
    """Something in a guest: its commands are run there."""

    label = "{2} in guest {0}"
    named = 2

    def _command(self, template: str) -> str:
        way_in = getattr(self.reader, "way_in", None)
        enter = way_in(self.key[0], self.key[1]) if way_in else f"ssh {plain(self.key[0])}"
        return f"{enter} {_remote(super()._command(template))}"

    def _marks(self) -> dict[str, str]:
        return {"config": "/etc/network/interfaces"}


def _remote(command: str) -> str:
    from shlex import quote

    return quote(command) if set(command) & set("|;<>*$&'\"()") else command


class GuestAddresses(_Inside):
    """All addresses of a guest. `ip addr`"""

    kind = "guest-addresses"
    facts = GuestAddressesFacts
    label = "guest {0}"
    see = "ip addr"
    named = 0

    def shows(self, **want: Unpack[GuestAddressesFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestAddress(_Inside):
    """A NIC in a guest. `ip addr show eth0`"""

    kind = "guest-address"
    facts = GuestAddressFacts
    see = "ip addr"

    def shows(self, **want: Unpack[GuestAddressFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestRoute(_Inside):
    """The route to exactly this destination in a guest. `ip route`"""

    kind = "guest-route"
    facts = RouteFacts
    label = "route {2} in guest {0}"
    see = "ip route"

    def _command(self, template: str) -> str:
        return super()._command("ip route")

    def shows(self, **want: Unpack[RouteFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Mount(_Inside):
    """What is mounted at a directory of a guest, now. Missing: nothing. `mount`"""

    kind = "guest-mount"
    facts = MountFacts
    label = "mount {2} in guest {0}"
    see = "mount"

    def shows(self, **want: Unpack[MountFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Filesystem(_Inside):
    """What is on a block device of a guest. Missing: no such device. `blkid`"""

    kind = "guest-filesystem"
    facts = FilesystemFacts
    label = "filesystem on {2} in guest {0}"
    see = "blkid"

    def shows(self, **want: Unpack[FilesystemFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestFile(_Inside):
    """A file of a guest. `ls`, `cat`"""

    kind = "guest-file"
    facts = FileFacts
    label = "file {2} in guest {0}"
    see = "ls -l {2}"

    def _command(self, template: str) -> str:
        return super()._command(template.replace("{0}", "{2}"))

    def shows(self, **want: Unpack[FileFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class StoredGuestNetwork(_Inside):
    """What a guest's next boot does with a NIC. `/etc/network/interfaces`, `nmcli`, …"""

    kind = "guest-network"
    facts = StoredNetworkFacts
    label = "stored network of {2} in guest {0}"
    see = "cat {config}"

    def shows(self, **want: Unpack[StoredNetworkFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Fstab(_Inside):
    """The line of a guest's /etc/fstab for a directory. Missing: none. fstab(5)"""

    kind = "guest-fstab"
    facts = FstabFacts
    label = "fstab entry {2} in guest {0}"
    see = "cat /etc/fstab"

    def shows(self, **want: Unpack[FstabFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestService(_Inside):
    """A service of a guest, by systemd or by busybox's inittab. `systemctl status`"""

    kind = "guest-service"
    facts = ServiceFacts
    label = "service {2} in guest {0}"
    see = "systemctl status {2}"

    def _command(self, template: str) -> str:
        return super()._command(template.replace("{0}", "{2}"))

    def shows(self, **want: Unpack[ServiceFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestResolver(_Inside):
    """Whom a guest asks for names. resolv.conf(5)"""

    kind = "guest-resolver"
    facts = ResolverFacts
    label = "resolver of guest {0}"
    see = "cat /etc/resolv.conf"
    named = 0

    def shows(self, **want: Unpack[ResolverFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestName(_Inside):
    """What a name resolves to in a guest. `getent hosts`, `nslookup`"""

    kind = "guest-name"
    facts = NameFacts
    label = "name {2} in guest {0}"
    see = "nslookup {2}"

    def _command(self, template: str) -> str:
        return super()._command(self.see)

    def shows(self, **want: Unpack[NameFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestModule(_Inside):
    """A kernel module of a guest. `lsmod`"""

    kind = "guest-module"
    facts = GuestModuleFacts
    label = "kernel module {2} in guest {0}"
    see = "lsmod"

    def shows(self, **want: Unpack[GuestModuleFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Driver(_Inside):
    """The driver of a NIC or disk in a guest. `/sys/class/net/eth0/device/driver`"""

    kind = "guest-driver"
    facts = DriverFacts
    label = "driver of {2} in guest {0}"
    see = "ls /sys/class/net /sys/class/block"

    def shows(self, **want: Unpack[DriverFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Cpus(_Inside):
    """Processors of a guest. `nproc`"""

    kind = "guest-cpus"
    facts = CpusFacts
    label = "processors of guest {0}"
    see = "nproc"
    named = 0

    def shows(self, **want: Unpack[CpusFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Memory(_Inside):
    """Memory of a guest. `free`"""

    kind = "guest-memory"
    facts = MemoryFacts
    label = "memory of guest {0}"
    see = "free -m"
    named = 0

    def shows(self, **want: Unpack[MemoryFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Block(_Inside):
    """A block device of a guest, by its name in /sys/class/block. `lsblk`"""

    kind = "guest-block"
    facts = BlockFacts
    label = "block device {2} in guest {0}"
    see = "cat /proc/partitions"

    def shows(self, **want: Unpack[BlockFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestProcess(_Inside):
    """Processes of a guest; none is `count` 0, not missing. `ps`"""

    kind = "guest-process"
    facts = GuestProcessFacts
    label = "process {2} in guest {0}"
    see = "ps"

    def shows(self, **want: Unpack[GuestProcessFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class GuestReach(_Inside):
    """The way from a guest to an address. `ping`"""

    kind = "guest-reach"
    facts = ReachFacts
    see = "ping -c 1 {2}"

    @property
    def name(self) -> str:
        """As the student reads it: "from guest web1 to 10.0.0.2"."""
        start, to, port = t("guest {0}").replace("{0}", self.key[0]), self.key[2], self.key[3]
        if port:
            return plain(t("from {start} to {to} port {port}", start=start, to=to, port=port))
        return plain(t("from {start} to {to}", start=start, to=to))

    def _command(self, template: str) -> str:
        return super()._command(self.see)

    def shows(self, **want: Unpack[ReachFacts]) -> Finding:
        """Want these facts."""
        return self._finding(want)


class Guest(_Inside):
    """The guest inside a domain, reached over SSH at `address`, or wherever the host finds it."""

    kind = "guest"
    facts = GuestFacts
    label = "guest {0}"
    see = "hostname"
    named = 0

    def shows(self, **want: Unpack[GuestFacts]) -> Finding:
        """Want these facts."""
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

    def process(self, pattern: str) -> GuestProcess:
        """Processes whose command line fits a regular expression."""
        return GuestProcess(self.reader, (*self.key, pattern))

    def reach(self, to: str, port: int | None = None) -> GuestReach:
        """The way from it to an address, or to a TCP port there."""
        return GuestReach(self.reader, (*self.key, to, "" if port is None else str(port)))
