"""The images labs are made of, built from Debian's packages on this computer: the host image, the guests' disks, ISOs.

Each has a recipe, a folder of `recipes/`; its hash names what is built from it, so a changed recipe is a new image
and an unchanged one is never built again. Nothing half-built is ever found: a build becomes visible by one rename.
Rejected: a Containerfile on a registry's base image (labs are built and run offline once packages are there), and
guestfish or losetup for the disks (they need root, or boot a guest to write a file).
"""

from kvmlab.images.guest import GuestImage, built_guest_disk, ensure_guest_image
from kvmlab.images.host import built_host_image, ensure_host_image
from kvmlab.images.iso import ensure_iso
from kvmlab.images.kinds import KINDS, ensure_kind, kind_on
from kvmlab.images.recipe import BuildProgress, Quiet

__all__ = [
    "KINDS",
    "BuildProgress",
    "GuestImage",
    "Quiet",
    "built_guest_disk",
    "built_host_image",
    "ensure_guest_image",
    "ensure_host_image",
    "ensure_iso",
    "ensure_kind",
    "kind_on",
]
