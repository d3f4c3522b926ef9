"""What a user is told of KVM on this computer, and the command that helps for good."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from kvmlab.labhost.computer.accelerator import Kvm
from kvmlab.labhost.computer.fingerprint import KVM
from kvmlab.words import t


def seen(kvm: Kvm) -> str:
    """How it stands, in a few words."""
    slow = t("guests are emulated, several times slower")
    match kvm:
        case Kvm.WORKS:
            return t("a guest boots under it")
        case Kvm.ABSENT:
            return t("no /dev/kvm; {slow}", slow=slow)
        case Kvm.CLOSED:
            return t("{user} may not open /dev/kvm; {slow}", user=_user(), slow=slow)
        case Kvm.CLOSED_INSIDE:
            return t("{user} may open /dev/kvm, but qemu on a lab host may not: "
                     "neither groups nor root's rights count there; {slow}", user=_user(), slow=slow)  # fmt: skip
        case Kvm.NO_BOOT:
            return t("/dev/kvm opens, but no guest boots under it; {slow}", slow=slow)


def todo(kvm: Kvm) -> str:
    """The command that helps, or "" where none does."""
    if kvm is Kvm.ABSENT:
        return "sudo modprobe kvm_intel || sudo modprobe kvm_amd"
    return to_open(KVM) if kvm in (Kvm.CLOSED, Kvm.CLOSED_INSIDE) else ""


def to_open(device: Path) -> str:
    """The command that opens `device` to the lab hosts' qemu: at once, and after the next boot.

    The mode is the one that systemd itself gives /dev/kvm where a distribution does not want another. Never a group:
    rootless podman drops those that qemu would need, and libvirt does it again. At once by chmod(1): udev knows nothing
    of a node that is there before its module (kmod(8), static-nodes), as /dev/vhost-net is until somebody opens it.
    """
    name = device.name
    if not shutil.which("udevadm"):
        return f"sudo setfacl -m u:{_user()}:rw {device}" if shutil.which("setfacl") else f"sudo chmod 666 {device}"
    rule = f'KERNEL=="{name}", MODE="0666", OPTIONS+="static_node={name}"'
    return (
        f"echo '{rule}' | sudo tee /etc/udev/rules.d/99-kvmlab-{name}.rules && "
        f"sudo udevadm control --reload && sudo chmod 666 {device}"
    )


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
