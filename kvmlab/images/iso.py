"""Installer ISOs: a CD that starts, installs the small guest on a disk by itself, and lets it go."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import UsageError
from kvmlab.images.build import new_folder, put_together
from kvmlab.images.guest import LOOK, authorized_keys, own_files
from kvmlab.images.host import ensure_host_image
from kvmlab.images.recipe import RECIPES, BuildProgress, pack, package_names, recipe_hash
from kvmlab.images.supply import Order, supply
from kvmlab.images.unfinished import once, shown_in, unfinished
from kvmlab.paths import State
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

ISOS = tuple(sorted(path.name for path in RECIPES.iterdir() if (path / "make-iso").exists()))
"""The ISOs that have a recipe."""
ISO = "image.iso"
_PARTS = ("small", "disk")
"""The recipes whose system they install."""
_NEEDED_MIB = 600


def current_iso_folder(state: State, name: str) -> Path:
    """Where the ISO `name` lies once it is built from the recipes as they are now."""
    folders = [RECIPES / part for part in (name, *_PARTS)]
    digest = recipe_hash(folders, LOOK.read_text(encoding="utf-8"), authorized_keys(state))
    return state.images / f"{name}-{digest}"


def ensure_iso(state: State, podman: Podman, name: str, progress: BuildProgress) -> Path:
    """The file of the ISO `name`, built first if it is not there yet."""
    if name not in ISOS:
        raise UsageError(t("There is no ISO `{name}`.", name=name[:60]), "kvmlab image list")
    folder = current_iso_folder(state, name)
    if not (folder / "manifest.json").exists():
        with state.shared.lock(f"image-{name}"):
            if not (folder / "manifest.json").exists():
                _build(state, podman, name, folder, progress)
    return folder / ISO


def _build(state: State, podman: Podman, name: str, folder: Path, progress: BuildProgress) -> None:
    from kvmlab.labhost.computer.podman_options import find_podman, require_space

    host_image = ensure_host_image(state, podman, progress)
    require_space(state.images, _NEEDED_MIB)
    key = folder.name.rpartition("-")[2]
    with unfinished(state.images, name, key) as kept, new_folder(state, name, folder) as work:
        folders = {"recipe": RECIPES / name, **{part: RECIPES / part for part in _PARTS}}
        pack(work / "recipe.tar", folders, own_files(state, "small"))
        make = partial(supply, state, iso_order(name), progress=progress, text=t("building the ISO {name}", name=name))
        shown_in(work, once(kept / "unpack.tar", make))
        progress.step(t("putting together the ISO {name}", name=name), None)
        found = find_podman(state, host_image)
        put_together(found, host_image, work, name, state.tag, _ASSEMBLE, [f"/work/{ISO}"], ISO)


def iso_order(name: str) -> Order:
    """The packages the ISO `name` is put together from."""
    return Order.unpacked([*package_names(RECIPES / "small/unpack"), *package_names(RECIPES / name / "unpack")])


_ASSEMBLE = """
mkdir /tmp/packages
tar -C /tmp -xf /work/recipe.tar
tar -C /tmp/packages --exclude='./dev/*' -xf /work/unpack.tar
sh /tmp/recipe/make-iso /tmp/packages "$1"
chmod a+r "$1"
"""
