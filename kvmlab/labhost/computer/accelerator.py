"""What guests run on here, KVM or emulation: found out by booting one; /dev/kvm can open and still boot none."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from kvmlab.labhost.computer.boot_trial import TrialOutcome, boot, first_to_speak, opens
from kvmlab.labhost.computer.findings import forget, last_circumstances, last_remembered, remember, remembered
from kvmlab.labhost.computer.fingerprint import KVM, boot_and_podman, kernel_and_processor, kvm_access, may_open_kvm
from kvmlab.labhost.confinement import trusted_options
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State

ACCELERATOR = "accelerator"
_DEVICE = "kvm-device"


class Kvm(Enum):
    """How this computer stands with KVM. Guests run under it where it WORKS, and are emulated elsewhere."""

    WORKS = "works"
    ABSENT = "absent"
    """There is no /dev/kvm."""
    CLOSED = "closed"
    """We may not open it."""
    CLOSED_INSIDE = "closed inside"
    """We may, and a lab host's qemu may not: what we may as a member of a group is not passed on to it."""
    NO_BOOT = "no boot"
    """It opens, and no guest boots under it."""

    @property
    def domain_type(self) -> str:
        """libvirt's word for what guests run on: domain type "kvm" or "qemu"."""
        return "kvm" if self is Kvm.WORKS else "qemu"


def find_kvm(state: State, podman: Podman, image: str, guest_disk: Path) -> Kvm:
    """How it stands, by the boot of `guest_disk`; a finding is kept while all that it hangs on stays as it is."""
    if seen := _seen_outside():
        return seen
    hangs_on = {**_hangs_on(), "image": image, "guest": guest_disk.parent.name}
    kept = _kept(remembered(state, ACCELERATOR, hangs_on))
    if kept is None:
        kept = _tried(state, podman, image, guest_disk)
        remember(state, ACCELERATOR, hangs_on, kept.value)
    return kept


def last_found(state: State) -> Kvm | None:
    """How it stands as it was last found under these circumstances; None where nobody has tried."""
    if seen := _seen_outside():
        return seen
    was, now = last_circumstances(state, ACCELERATOR), _hangs_on()
    return _kept(last_remembered(state, ACCELERATOR)) if now.items() <= was.items() else None


def _kept(found: object) -> Kvm | None:
    return next((kvm for kvm in Kvm if kvm.value == found), None)


def opens_inside(state: State, podman: Podman, image: str) -> bool:
    """Whether a lab host's qemu may open /dev/kvm."""
    if _seen_outside():
        return False
    hangs_on = {**_hangs_on(), "image": image}
    kept = remembered(state, _DEVICE, hangs_on)
    if kept is None:
        kept = opens(podman, image, trusted_options(), KVM)
        remember(state, _DEVICE, hangs_on, kept)
    return bool(kept)


def forget_kvm(state: State) -> None:
    """Try it anew next time."""
    for name in (ACCELERATOR, _DEVICE):
        forget(state, name)


def _seen_outside() -> Kvm | None:
    if not KVM.exists():
        return Kvm.ABSENT
    return None if may_open_kvm() else Kvm.CLOSED


def _hangs_on() -> dict[str, str]:
    return {**boot_and_podman(), **kernel_and_processor(), **kvm_access(), "options": " ".join(trusted_options())}


def _tried(state: State, podman: Podman, image: str, guest_disk: Path) -> Kvm:
    """By a race with emulation, which shows how long this computer takes to boot a guest."""
    if not opens_inside(state, podman, image):
        return Kvm.CLOSED_INSIDE
    options = trusted_options()
    with boot(podman, image, options, guest_disk, "kvm") as kvm, boot(podman, image, options, guest_disk, "tcg") as tcg:
        return Kvm.WORKS if first_to_speak(kvm, tcg) is TrialOutcome.SPOKE else Kvm.NO_BOOT
