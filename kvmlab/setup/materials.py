"""What a lab is started from: the host image, the guests' images, and the guests saved from them.

All of it is made on first use and found again in no time afterwards.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvmlab.course import Lab
from kvmlab.images import ensure_guest_image, ensure_host_image, ensure_iso, kind_on
from kvmlab.images.guest import LOOK, GuestImage, authorized_keys
from kvmlab.images.memory import identity
from kvmlab.images.seed import user_data, write_seed
from kvmlab.labhost.computer.accelerator import find_kvm
from kvmlab.labhost.computer.podman_options import find_podman
from kvmlab.labhost.podman import Podman, program
from kvmlab.paths import State
from kvmlab.setup import saved_guests
from kvmlab.setup.files import SAVED
from kvmlab.setup.guest_saving import saved
from kvmlab.setup.guests import PlacedGuest, placed

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress


@dataclass(frozen=True)
class Materials:
    """Everything a start needs that outlives the lab host."""

    host_image: str
    podman: Podman
    """podman as this computer needs it."""
    guests: tuple[PlacedGuest, ...]
    folders: dict[str, Path]
    """Per guest the folder mounted at /srv/kvmlab/NAME: a saved guest, or its image as it was built."""
    isos: tuple[tuple[Path, str], ...] = ()
    """ISO files, and where on the lab host each is mounted."""
    domain_type: str = ""
    """libvirt's word for what guests run on here: "kvm" or "qemu"; "" where there is no libvirt at the start."""

    @property
    def seeds(self) -> list[str]:
        """The guests that have a cloud-init seed."""
        return [guest.spec.name for guest in self.guests if guest.image.seed]

    def volumes(self) -> list[tuple[Path, str]]:
        """What the lab host mounts."""
        return [*((folder, f"{SAVED}/{name}") for name, folder in self.folders.items()), *self.isos]

    def restorable(self) -> set[str]:
        """The guests that have saved memory."""
        return {name for name, folder in self.folders.items() if (folder / "memory").exists()}

    def identity(self) -> list[str]:
        """What says that another start is made from the same: the images, the guests, what they run on."""
        isos = [str(path.name) for path, _ in self.isos]
        return [self.host_image, self.domain_type, *(guest.key for guest in self.guests), *isos]

    @classmethod
    def of(cls, state: State, lab: Lab, progress: BuildProgress) -> Materials:
        """Find them, and make what is missing."""
        base, podman, host_image, isos, images, runs_on = make_images(state, lab, progress)
        if not has_libvirt(lab):
            return cls(host_image, podman, (), {}, isos)
        inside = authorized_keys(state) + LOOK.read_text(encoding="utf-8")
        guests = placed(lab.guests, images, runs_on, identity(state, podman, base) + host_image, inside)
        origins = {guest.spec.name: origin(state, podman, host_image, guest) for guest in guests}
        folders = {guest.spec.name: origins[guest.spec.name] for guest in guests if not guest.restorable}
        restorable = [guest for guest in guests if guest.restorable]
        folders |= saved(state, host_image, podman, restorable, origins, progress)
        return cls(host_image, podman, tuple(guests), folders, isos, runs_on)


class Images(NamedTuple):
    """The images that a lab starts from: `base` the host image with everything, `host` the lab's kind of it; the last
    two are empty where there is no libvirt at the start."""

    base: str
    podman: Podman
    host: str
    isos: tuple[tuple[Path, str], ...]
    guests: dict[str, GuestImage]
    runs_on: str


def make_images(state: State, lab: Lab, progress: BuildProgress) -> Images:
    """Find them, and make what is missing; what podman needs on this computer is found out on the way."""
    names = sorted({"small", *(guest.image for guest in lab.guests)}) if has_libvirt(lab) else []
    program()  # without podman nothing is fetched, nor keys made
    # The guests' first: what the host image is built for, and their packages are fetched beside that.
    guests = {name: ensure_guest_image(state, Podman(), name, progress) for name in names}
    base = ensure_host_image(state, Podman(), progress)
    podman = find_podman(state, base)
    host_image = kind_on(base, state, podman, lab.host, progress)
    isos = tuple((ensure_iso(state, podman, iso.image, progress), iso.path) for iso in lab.isos)
    if not guests:
        return Images(base, podman, host_image, isos, {}, "")
    return Images(
        base, podman, host_image, isos, guests, find_kvm(state, podman, base, guests["small"].path).domain_type
    )


def has_libvirt(lab: Lab) -> bool:
    """Whether there is a libvirtd on its lab host when the lab starts."""
    return lab.host != "bare"


def origin(state: State, podman: Podman, host_image: str, guest: PlacedGuest) -> Path:
    """The folder with the disk a guest first boots from, and with its cloud-init seed where its image wants one."""
    if not guest.image.seed:
        return guest.image.path.parent
    folder = state.saved / f"{saved_guests.key_of(guest.key, user_data(state, guest.spec.name))}-first"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=state.saved, prefix=".new-") as temporary:
            fresh = Path(temporary) / "guest"
            fresh.mkdir()
            write_seed(state, podman, host_image, guest.spec.name, fresh / "seed.iso")
            shutil.copyfile(guest.image.path, fresh / "disk.qcow2")
            fresh.rename(folder)
    return folder
