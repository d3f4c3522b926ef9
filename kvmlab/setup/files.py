"""What is laid ready in a lab host's start directory before its libvirtd starts (see labhost/inside/prepare)."""

from __future__ import annotations

import json
import shlex
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kvmlab.course import FileSpec, GuestSpec
from kvmlab.labhost.container import START
from kvmlab.paths import State
from kvmlab.setup.domain_xml import disk_path, seed_path

SAVED = "/srv/kvmlab/guests"
"""Where a lab host sees the saved guests: /srv/kvmlab/guests/GUEST/{disk.qcow2,memory}."""

_DEFAULT_NETWORK = "/etc/libvirt/qemu/networks/default.xml"
_LEASES = "/var/lib/libvirt/dnsmasq/virbr0.status"
_NEVER = 4102444800  # the year 2100: a lease nobody has to renew during a lab


@dataclass(frozen=True)
class RunFiles:
    """A lab host's start directory and the shell script that puts its files in place there."""

    start_dir: Path
    lines: list[str]

    def place(self, content: str, target: str, mode: int = 0o644) -> None:
        """`content` becomes the file `target` on the lab host."""
        folder = self.start_dir / "files"
        folder.mkdir(exist_ok=True)
        name = str(len(list(folder.iterdir())))
        (folder / name).write_text(content, encoding="utf-8")
        self.lines.append(_command("install", "-D", "-m", f"{mode:o}", f"{START}/files/{name}", target))

    def copy_disk(self, guest: GuestSpec, *, seed: bool = False) -> None:
        """The guest's disk, from the mount that carries it; a copy of its own, so that it can be harmed."""
        source = f"{SAVED}/{guest.name}"
        self.lines.append(_command("cp", "--sparse=always", f"{source}/disk.qcow2", disk_path(guest)))
        if seed:
            self.lines.append(_command("cp", f"{source}/seed.iso", seed_path(guest)))
        if guest.disk_gib:
            self.lines.append(_command("qemu-img", "resize", "-q", disk_path(guest), f"{guest.disk_gib}G"))

    def write(self) -> None:
        """Write the script (labhost/inside/prepare runs it)."""
        (self.start_dir / "prepare.sh").write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")


_TWO_QUESTIONS = """
find /usr/share/kvmlab/capabilities -name '*.xml' -exec sed -i "/<flag name='cpu-unavailable-features'\\/>/d" {} +
""".strip()
"""HACK: to see what processor an emulated guest has got, libvirt 11.3 asks QEMU for each of its 500 features by itself,
and QEMU takes a question in byte by byte: 0.4 s of processor time, a third of a guest's start. Of a QEMU without this
flag libvirt asks two questions, and is told the same (tests/promises/test_processor.py). Not under KVM: the two leave
out the features that MSRs tell of. Can go with a libvirt that asks all in one (qom-list-get, since QEMU 10.1).
"""


def lay_ready(
    state: State,
    start_dir: Path,
    guests: Sequence[GuestSpec],
    files: Sequence[FileSpec],
    seeds: Sequence[str] = (),
    domain_type: str = "",
) -> None:
    """Everything libvirtd must find when it starts; `seeds` names the guests with a cloud-init seed. `domain_type`:
    what guests run on here (libvirt's word)."""
    lay_keys(state, start_dir)
    ready = RunFiles(start_dir, [_TWO_QUESTIONS] if domain_type == "qemu" else [])
    reserved = [guest for guest in guests if guest.network == "default" and guest.address]
    if reserved:
        ready.place(default_network(reserved), _DEFAULT_NETWORK, 0o600)
        ready.place(leases(reserved), _LEASES)
    for guest in guests:
        ready.copy_disk(guest, seed=guest.name in seeds)
    for file in files:
        ready.place(file.text, file.path, file.mode)
    ready.write()


def lay_keys(state: State, start_dir: Path) -> None:
    """The checker may look and forward ports to guests; the student may log in to guests (sshd(8))."""
    look = state.key_pair("look_key").with_suffix(".pub").read_text().strip()
    options = 'command="/usr/lib/kvmlab/look",restrict,port-forwarding'
    (start_dir / "authorized_keys").write_text(f"{options} {look}\n")
    student = state.key_pair("student_key")
    shutil.copy(student, start_dir / "student_key")
    (start_dir / "student_key").chmod(0o600)


def default_network(guests: Sequence[GuestSpec]) -> str:
    """libvirt's `default` network with an address reserved for each guest (formatnetwork: `host`).

    The bridge has no STP, which would delay every guest by 4 s, and a fixed MAC, without which a
    restored guest keeps a stale ARP entry for its gateway and is deaf for 9 s.
    """
    network = ET.Element("network")
    ET.SubElement(network, "name").text = "default"
    ET.SubElement(network, "uuid").text = "0d3f6c1e-7f0b-4a53-9c1d-6b7600000001"
    ET.SubElement(network, "forward", mode="nat")
    ET.SubElement(network, "bridge", name="virbr0", stp="off", delay="0")
    ET.SubElement(network, "mac", address="52:54:00:6b:76:01")
    ip = ET.SubElement(network, "ip", address="192.168.122.1", netmask="255.255.255.0")
    dhcp = ET.SubElement(ip, "dhcp")
    ET.SubElement(dhcp, "range", start="192.168.122.2", end="192.168.122.254")
    for guest in guests:
        ET.SubElement(dhcp, "host", mac=guest.mac, name=guest.name, ip=guest.address)
    ET.indent(network)
    return ET.tostring(network, encoding="unicode") + "\n"


def leases(guests: Sequence[GuestSpec]) -> str:
    """The leases that saved guests still hold, as libvirt's lease helper keeps them."""
    held = [guest for guest in guests if guest.state != "shut off"]
    return json.dumps(
        [
            {"ip-address": guest.address, "mac-address": guest.mac, "hostname": guest.name, "expiry-time": _NEVER}
            for guest in held
        ],
        indent=2,
    )


def _command(*argv: str) -> str:
    return shlex.join(argv)
