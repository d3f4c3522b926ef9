"""What guests run on here, KVM or emulation: found out by booting one; /dev/kvm can open and still boot none."""

from __future__ import annotations

import os
from pathlib import Path

from kvmlab.labhost.cache import remember, remembered
from kvmlab.labhost.computer import boot_and_podman
from kvmlab.labhost.machine import container_options
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State

_ACCELERATOR = "accelerator"
_TRY_SECONDS = 60


def domain_type(accelerator: str) -> str:
    """libvirt's word for the accelerator: domain type "kvm" or "qemu"."""
    return "kvm" if accelerator == "kvm" else "qemu"


def find_accelerator(state: State, podman: Podman, image: str, guest_disk: Path) -> str:
    """ "kvm" if a guest's kernel speaks under it within seconds, else "tcg"."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    hangs_on = {**boot_and_podman(), "image": image, "guest": guest_disk.parent.name}
    kept = remembered(state, _ACCELERATOR, hangs_on)
    if not kept:
        kept = {"accelerator": "kvm" if _boots_under_kvm(podman, image, guest_disk) else "tcg"}
        remember(state, _ACCELERATOR, hangs_on, kept)
    return str(kept["accelerator"])


_BOOT = (
    "timeout 5 qemu-system-x86_64 -accel kvm -m 128 -display none -monitor none -serial stdio -no-reboot "
    "-drive file=/guest/{name},format=qcow2,if=virtio,snapshot=on </dev/null 2>&1 | grep -m1 -a 'Linux version'"
)


def _boots_under_kvm(podman: Podman, image: str, guest_disk: Path) -> bool:
    options = [*podman.run_options, *container_options(), f"--volume={guest_disk.parent}:/guest:ro"]
    command = _BOOT.format(name=guest_disk.name)
    done = podman.attempt("run", "--rm", *options, image, "/bin/sh", "-c", command, timeout_s=_TRY_SECONDS)
    return done.returncode == 0
