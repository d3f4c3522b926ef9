"""Domains: what libvirt says of a guest from outside, now, while running, and as stored for the next start.

Keys: domain-file (PATH), domain (NAME, VIEW); VIEW is "now" (the live definition if it runs, else the stored one),
"live" (only while it runs) or "stored" (what the next start uses). See virsh(1) and
https://libvirt.org/formatdomain.html
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Number, Table, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.reader import Key, Reader
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.devices import Console, Disk, Graphics, Interface
from kvmlab.checks.vocabulary.snapshot import Snapshot
from kvmlab.checks.vocabulary.start import NamedAsAtStart, as_at_start
from kvmlab.errors import AuthorError
from kvmlab.words import t

_XML = "virsh dumpxml {inactive}{0}"
_MEMORY = "virsh {memory} {0}{lines}"


class DefinitionFacts(Facts, total=False):
    """What a domain's XML says, live or stored."""

    uuid: Annotated[Word, "virsh domuuid {0}", "its UUID"]
    title: Annotated[Word, "virsh desc {config}--title {0}", "its short title"]
    description: Annotated[Word, "virsh desc {config}{0}", "its description"]
    type: Annotated[Word, _XML, 'the hypervisor: "kvm", or "qemu" (emulated)']
    machine: Annotated[Word, _XML, 'the emulated board: "pc-q35-10.0"']
    arch: Annotated[Word, _XML, '"x86_64"']
    cpu_mode: Annotated[Word, _XML, '"host-passthrough", "host-model", "custom"; None: not said']
    cpu_model: Annotated[Word, _XML, 'the CPU model named: "qemu64"; None: not said']
    boot: Annotated[Words, _XML, 'boot devices, in order (`exactly`): "hd", "cdrom", "network"']
    boot_disk: Annotated[Word, _XML, "source of the first disk that its firmware tries, of those in the boot order"]
    features: Annotated[Words, _XML, 'feature names: "acpi", "apic"']
    memory_mib: Annotated[Number, _MEMORY, "current memory, MiB"]
    max_memory_mib: Annotated[Number, _MEMORY, "largest memory, MiB"]
    mergeable: Annotated[Flag, _XML, "its pages may be merged with equal ones of other guests (KSM): no nosharepages"]
    hard_limit_mib: Annotated[Number, "virsh memtune {0} {config}", "most memory that its qemu may use, MiB; None: any"]
    limits: Annotated[
        Words, _XML, "what holds it or its devices back, or tunes it: memtune, cputune, iotune, bandwidth and the like"
    ]
    vcpus: Annotated[Number, "virsh vcpucount {0}", "current number of vCPUs"]
    max_vcpus: Annotated[Number, "virsh vcpucount {0}", "largest number of vCPUs"]
    vcpu_pins: Annotated[
        Table, "virsh vcpupin {0} {config}", 'vCPU to host CPUs, pinned ones only: {"0": "1"}, {"1": "0-1"}'
    ]
    cpu_topology: Annotated[
        Table, _XML, 'how its vCPUs are arranged: {"sockets": "1", "cores": "4", "threads": "1"}; {}: not said'
    ]
    disks: Annotated[Words, "virsh domblklist {inactive}{0}", 'disk targets: "vda", "sda"']
    disks_on_the_same_file: Annotated[
        Words, "virsh domblklist {inactive}{0}", "targets of disks that are one file, not shareable: its start fails"
    ]
    interfaces: Annotated[Words, "virsh domiflist {inactive}{0}", "MAC addresses of its interfaces"]
    agent_channel: Annotated[Flag, _XML, "it has a channel org.qemu.guest_agent.0"]
    memballoon: Annotated[Word, _XML, 'balloon model: "virtio", "none"']
    stats_period_s: Annotated[Number, _XML, "how often the guest reports its memory use, seconds; None: never"]


class DomainFacts(DefinitionFacts, total=False):
    """What libvirt knows of a domain besides its XML."""

    state: Annotated[
        Word, "virsh domstate {0}", '"running", "paused", "shut off", "in shutdown", "crashed", "pmsuspended"'
    ]
    reason: Annotated[
        Word,
        "virsh domstate --reason {0}",
        'of the state: "booted", "user", "shutdown", "destroyed", "crashed"',
    ]
    qemu_stopped: Annotated[
        Flag,
        "ps -o pid,stat,args -p $(cat /run/libvirt/qemu/{0}.pid)",
        "its qemu is stopped by a signal (stat T): libvirt says that it runs, and nothing in it goes on",
    ]
    persistent: Annotated[Flag, "virsh dominfo {0}", "defined, not only created (transient)"]
    autostart: Annotated[Flag, "virsh dominfo {0}", "starts with libvirtd"]
    changed: Annotated[
        Flag,
        "diff <(virsh dumpxml {0}) <(virsh dumpxml --inactive {0})",
        "it runs with other devices than stored",
    ]
    id: Annotated[Number, "virsh domid {0}", "None when shut off"]
    pid: Annotated[Number, "cat /run/libvirt/qemu/{0}.pid", "process of its qemu; None when shut off"]
    rss_mib: Annotated[Number, "virsh dommemstat {0}", "memory of the host that its qemu occupies, MiB"]
    balloon_mib: Annotated[Number, "virsh dommemstat {0}", "actual balloon value, MiB"]
    managed_save: Annotated[Flag, "virsh dominfo {0}", "a saved memory waits for its next start"]
    snapshots: Annotated[Words, "virsh snapshot-list {0} --name", "names of its snapshots"]
    agent: Annotated[Flag, 'virsh qemu-agent-command {0} \'{"execute":"guest-ping"}\'', "guest agent connected"]
    log: Annotated[Word, "tail /var/log/libvirt/qemu/{0}.log", "qemu's log; why it last ended, its command line"]


class _WithDevices(NamedAsAtStart):
    """A domain's devices, in the same view as the domain itself."""

    kind = "domain"
    noun = "domain"
    see = "virsh list --all"

    def interface(self, *, mac: str = "", source: str = "", target: str = "", index: int | None = None) -> Interface:
        """The one with this MAC, or the first on this bridge or network, with this tap, at this place (0 first)."""
        number = "" if index is None else str(index)
        return Interface(self.reader, (*self.key, *_one(mac=mac.lower(), source=source, target=target, index=number)))

    def disk(self, *, target: str = "", source: str = "", index: int | None = None) -> Disk:
        """The one with this target ("vdb"), this file or volume, or at this place in the XML (0 first)."""
        number = "" if index is None else str(index)
        return Disk(self.reader, (*self.key, *_one(target=target, source=source, index=number)))

    def console(self) -> Console:
        """Its first serial or virtio console."""
        return Console(self.reader, self.key)

    def graphics(self) -> Graphics:
        """Its first graphical display."""
        return Graphics(self.reader, self.key)

    def _marks(self) -> dict[str, str]:
        stored = self.key[1] == "stored"  # dominfo tells of the guest that runs
        memory, lines = ("dumpxml --inactive", " | grep -i memory") if stored else ("dominfo", "")
        words = {"inactive": "--inactive " if stored else "", "config": "--config " if stored else ""}
        return {**words, "memory": memory, "lines": lines}


class StoredDomain(_WithDevices):
    """A domain as it is stored: what the next start uses. Missing when it is transient. `virsh dumpxml --inactive`"""

    facts = DefinitionFacts
    label = "stored domain {0}"
    see = "virsh list --all --persistent"
    absent = "not stored"

    def shows(self, **want: Unpack[DefinitionFacts]) -> Finding:
        return self._finding(want)


class LiveDomain(_WithDevices):
    """A domain as it runs. Missing when it does not run. `virsh dumpxml`"""

    facts = DefinitionFacts
    label = "running domain {0}"
    see = "virsh list"
    absent = "not running"

    def shows(self, **want: Unpack[DefinitionFacts]) -> Finding:
        return self._finding(want)


class Domain(_WithDevices):
    """A domain as it is now: running, or what is stored of it. `virsh dominfo`, `virsh dumpxml`"""

    facts = DomainFacts
    label = "domain {0}"

    def shows(self, **want: Unpack[DomainFacts]) -> Finding:
        return self._finding(want)

    @property
    def stored(self) -> StoredDomain:
        """What the next start uses: "and after a reboot?"."""
        return StoredDomain(self.reader, (self.key[0], "stored"))

    @property
    def live(self) -> LiveDomain:
        """What runs; missing when it does not."""
        return LiveDomain(self.reader, (self.key[0], "live"))

    def not_restarted(self) -> Finding:
        """Want it to run on as it has since the start: the same qemu, and no kernel that began to boot in it since. One
        that is off and was so at the start: not to have been started in between."""
        running_on = ("process", "boots", "starts")
        return as_at_start(self.reader, self.noun, self.key[:1], lambda aspect: aspect not in running_on, self.name)

    def snapshot(self, name: str) -> Snapshot:
        """One of its snapshots."""
        return Snapshot(self.reader, (self.key[0], name))


class DomainFileFacts(DefinitionFacts, total=False):
    """A domain's definition in a file of the host."""

    as_stored: Annotated[
        Flag,
        r"diff {0} <(virsh dumpxml --inactive $(sed -n 's|.*<name>\(.*\)</name>.*|\1|p' {0}))",
        "it is what libvirt has stored now of the domain with this name and UUID: memory, vCPUs, devices and all",
    ]


class DomainFile(Subject):
    """The definition of one domain in a file. Missing: no file, or something else is in it. `virsh define FILE`"""

    kind = "domain-file"
    facts = DomainFileFacts
    label = "definition in {0}"
    see = "virt-xml-validate {0} domain"
    absent = "no such file"

    def _command(self, template: str) -> str:
        return super()._command("cat {0}" if template.startswith("virsh") else template)

    def shows(self, **want: Unpack[DomainFileFacts]) -> Finding:
        return self._finding(want)


def domain(reader: Reader, name: str) -> Domain:
    """The domain of exactly this name, as it is now."""
    return Domain(reader, (name, "now"))


def _one(**given: str) -> Key:
    chosen = [(name, value) for name, value in given.items() if value]
    if len(chosen) != 1:
        raise AuthorError(t("Say exactly one of {names}.", names=", ".join(given)))
    return chosen[0]
