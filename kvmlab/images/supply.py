"""Packages for images: from those a bundle has brought (kvmlab/bundle), else fetched by mmdebstrap.

What hangs on a state directory's keys is the image that is made from the packages, never the packages themselves. So
they can come from another computer, and the image is made here all the same.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.images.debian import mmdebstrap
from kvmlab.images.recipe import BuildProgress, recipe_hash
from kvmlab.paths import State
from kvmlab.words import t


@dataclass(frozen=True)
class Order:
    """A tar of `packages` and what they depend on, by mmdebstrap(1)'s options."""

    options: tuple[str, ...]
    packages: tuple[str, ...]

    @classmethod
    def unpacked(cls, packages: list[str]) -> Order:
        """Unpacked, and not installed."""
        return cls(("--variant=extract",), tuple(packages))

    @classmethod
    def installed(cls, packages: list[str], *options: str) -> Order:
        """A root with the packages installed."""
        return cls(("--variant=minbase", *options), tuple(packages))

    @property
    def key(self) -> str:
        """Twelve hex digits: the same order gives the same packages, of one day or another."""
        return recipe_hash([], *self.options, "", *self.packages)


def kept(state: State, order: Order) -> Path:
    """Where a bundle's tar of the order lies, if it has brought one."""
    return packages_folder(state) / f"{order.key}.tar.gz"


def packages_folder(state: State) -> Path:
    """Beside the images that are made of them; no image is called so."""
    folder: Path = state.images
    return folder / "packages"


def supply(state: State, order: Order, target: Path, progress: BuildProgress, text: str) -> None:
    """`target`: the order's tar, which may be compressed; tar(1) sees that by itself."""
    brought = kept(state, order)
    if not brought.exists():
        mmdebstrap(target, order.options, order.packages, progress, text)
        return
    progress.step(text, None)
    try:
        shutil.copyfile(brought, target)
    except OSError as error:
        said = error.strerror or str(error)
        raise CannotRun(t("{path} cannot be written: {error}.", path=target, error=said), "df -h") from None
