"""Devices of a domain: interfaces, disks, consoles, displays.

Keys: interface and disk (DOMAIN, VIEW, BY, VALUE) with BY "mac", "source", "target" or "index"; console and graphics
(DOMAIN, VIEW). Where several fit, the first in the XML is meant.
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Mac, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.safe_text import plain
from kvmlab.words import t

_XML = "virsh dumpxml {inactive}{0}"
_IFSTAT = "virsh domifstat {0} {3}"
_IFLIST = "virsh domiflist {inactive}{0}"
_BLKLIST = "virsh domblklist --details {inactive}{0}"


class InterfaceFacts(Facts, total=False):
    """A network interface of a domain."""

    mac: Annotated[Mac, _IFLIST, "its MAC address, lower case"]
    type: Annotated[Word, _IFLIST, '"network", "bridge", "direct", "user"']
    source: Annotated[Word, _IFLIST, "the network, bridge or device it is on"]
    model: Annotated[Word, _IFLIST, '"virtio", "e1000", "rtl8139"']
    target: Annotated[Word, _IFLIST, 'the tap device on the host: "vnet0"; None when it does not run']
    link_state: Annotated[Word, "virsh domif-getlink {config}{0} {3}", '"up" (also when not said) or "down"']
    bridge: Annotated[Word, _XML, "the bridge that libvirt puts its tap in: that of its network where it has one"]
    network_starts: Annotated[Flag, "virsh net-list --all", "its network starts by itself, or it needs none"]
    sent_bytes: Annotated[Number, _IFSTAT, "what the guest has sent through it since it was plugged in"]
    sent_packets: Annotated[Number, _IFSTAT, "the same in packets, as they reach the host; None when it does not run"]
    addresses: Annotated[Words, "virsh domifaddr {0} --source lease", "addresses it leased from a libvirt network"]


class DiskFacts(Facts, total=False):
    """A disk of a domain."""

    type: Annotated[Word, _BLKLIST, '"file", "block", "volume"']
    device: Annotated[Word, _BLKLIST, '"disk", "cdrom"']
    target: Annotated[Word, _BLKLIST, '"vda", "sda", "hda"']
    bus: Annotated[Word, _XML, '"virtio", "ide", "sata", "scsi"']
    source: Annotated[Word, _BLKLIST, "file path; for a volume too; None: no medium"]
    pool: Annotated[Word, _XML, "pool, where it is given as a volume"]
    volume: Annotated[Word, _XML, "volume, where it is given as a volume"]
    format: Annotated[Word, _XML, 'format the driver is told: "raw", "qcow2"']
    backing: Annotated[Word, _XML, "backing file of its image; None: none"]
    capacity_mib: Annotated[Number, "virsh domblkinfo {0} {3}", "size as the guest sees it, MiB"]
    allocation_mib: Annotated[Number, "virsh domblkinfo {0} {3}", "room it takes on the host, MiB"]
    readonly: Annotated[Flag, _XML, "read-only"]
    shareable: Annotated[Flag, _XML, "may be used by several domains at once"]
    serial: Annotated[Word, _XML, "serial number it shows to the guest"]
    open_in_qemu: Annotated[
        Flag, "ls -il /proc/$(pgrep -of guest={0})/fd/", "the file at `source` is the very one its qemu has open"
    ]
    pci: Annotated[Word, _XML, 'its place on the guest\'s PCI bus: "0000:00:08.0"; None: not running, or not there']
    boot_order: Annotated[Number, _XML, "place in the boot order, 1 first; None: not said"]


class ConsoleFacts(Facts, total=False):
    """A console of a domain: what `virsh console` opens."""

    type: Annotated[Word, _XML, 'the host side: "pty", "file", "unix"']
    target_type: Annotated[Word, _XML, 'the guest side: "serial" or "virtio"']
    port: Annotated[Number, _XML, "0 for the first"]
    path: Annotated[Word, "virsh ttyconsole {0}", 'terminal on the host: "/dev/pts/2"; None when it does not run']
    output: Annotated[Word, "virsh console {0}", "the last text it printed, where the host keeps a log of it"]


class GraphicsFacts(Facts, total=False):
    """A graphical display of a domain."""

    type: Annotated[Word, _XML, '"vnc", "spice"']
    listen: Annotated[Word, _XML, 'the address it listens on: "0.0.0.0", "127.0.0.1"']
    port: Annotated[Number, "virsh vncdisplay {0}", "TCP port: 5900; None when it does not run"]
    autoport: Annotated[Flag, _XML, "libvirt chooses the port"]
    password: Annotated[Flag, _XML, "asks for a password"]
    uri: Annotated[Word, "virsh domdisplay {0}", '"vnc://localhost:0"; None when it does not run']


class _Device(Subject):
    what = ""
    named = 3

    @property
    def name(self) -> str:
        """As the student reads it: "disk vdb of web1 (stored)"."""
        words = {"device": t(self.what), "domain": self.key[0], "which": self._which()}
        text = t("{device} {which} of {domain}", **words) if words["which"] else t("{device} of {domain}", **words)
        said = {"stored": "{text} (stored)", "live": "{text} (running)"}.get(self.key[1], "{text}")
        return plain(t(said, text=text))

    def _which(self) -> str:
        by, value = self.key[2:4] if len(self.key) > 3 else ("", "")
        return f"#{int(value) + 1}" if by == "index" else value

    def _marks(self) -> dict[str, str]:
        stored = self.key[1] == "stored"
        return {"inactive": "--inactive " if stored else "", "config": "--config " if stored else ""}


class Interface(_Device):
    """A network interface of a domain. `virsh domiflist`"""

    kind = "interface"
    facts = InterfaceFacts
    what = "interface"
    see = _IFLIST
    absent = "no such interface"

    def shows(self, **want: Unpack[InterfaceFacts]) -> Finding:
        return self._finding(want)


class Disk(_Device):
    """A disk or CD drive of a domain. `virsh domblklist`"""

    kind = "disk"
    facts = DiskFacts
    what = "disk"
    see = _BLKLIST
    absent = "no such disk"

    def shows(self, **want: Unpack[DiskFacts]) -> Finding:
        return self._finding(want)


class Console(_Device):
    """The console of a domain. `virsh console`"""

    kind = "console"
    facts = ConsoleFacts
    what = "console"
    see = _XML
    absent = "has none"

    def shows(self, **want: Unpack[ConsoleFacts]) -> Finding:
        return self._finding(want)


class Graphics(_Device):
    """The display of a domain. `virsh domdisplay`"""

    kind = "graphics"
    facts = GraphicsFacts
    what = "display"
    see = _XML
    absent = "has none"

    def shows(self, **want: Unpack[GraphicsFacts]) -> Finding:
        return self._finding(want)
