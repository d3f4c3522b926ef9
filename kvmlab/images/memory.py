"""Images that are there, remembered: asking podman, or reading recipes, each time would cost more than the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.images.capabilities import circumstances
from kvmlab.images.recipe import files_of, recipe_hash
from kvmlab.paths import State
from kvmlab.state import cache

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

_IDENTITY = "identity"


def stamp(recipes: Iterable[Path]) -> str:
    """Changes with any file of the recipes, with the user, whose images they are, and with what answers hang on."""
    times = [f"{path} {path.stat().st_mtime_ns}" for recipe in recipes for path in files_of(recipe)]
    return recipe_hash([], str(os.getuid()), circumstances(), *times)


def remembered(state: State, name: str, wanted: str) -> str | None:
    """The image's tag if it was there under this stamp, else None."""
    found = cache.load(_memory(state, name), lambda stamp: bool(stamp == wanted))
    return found if isinstance(found, str) else None


def remember(state: State, name: str, wanted: str, tag: str) -> None:
    """It is there."""
    cache.save(_memory(state, name), wanted, tag)


def identity(state: State, podman: Podman, tag: str) -> str:
    """Which build of the image `tag` this is: the same recipe gives another QEMU on another day.

    By its base, because what is asked of QEMU later makes another image on top of it, and not another QEMU.
    """
    if (known := remembered(state, _IDENTITY, tag)) is not None:
        return known
    for name in (f"{tag}-base", tag):
        done = podman.attempt("image", "inspect", "--format={{.Id}}", name)
        if done.returncode == 0:
            remember(state, _IDENTITY, tag, done.stdout.strip())
            return done.stdout.strip()
    return tag


def forget_host_images(state: State) -> None:
    """Ask podman next time: one was not there after all."""
    for memory in state.cache.glob("*-image.json"):
        memory.unlink(missing_ok=True)


def _memory(state: State, name: str) -> Path:
    return state.cache / f"{name}-image.json"
