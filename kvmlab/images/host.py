"""The host image: Debian with systemd, libvirt and the course's tools, in podman's own storage."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.images.capabilities import add_capabilities, are_current
from kvmlab.images.debian import PLACE, installed
from kvmlab.images.memory import forget_host_images, remember, remembered, stamp
from kvmlab.images.recipe import RECIPES, BuildProgress, pack, package_names, recipe_hash
from kvmlab.images.unfinished import once, unfinished
from kvmlab.killpoints import killpoint
from kvmlab.paths import State
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

RECIPE = RECIPES / "host"
REPOSITORY = "localhost/kvmlab-host"
_NAME = "host"
_NEEDED_MIB = 3000


def host_image_tag() -> str:
    """The name the recipe as it is now gives the image."""
    return f"{REPOSITORY}:{recipe_hash([RECIPE])}"


def built_host_image(state: State, podman: Podman) -> str | None:
    """The image's name if it is there (podman-image-exists(1)), else None."""
    tag = host_image_tag()
    return tag if podman.attempt("image", "exists", tag).returncode == 0 else None


def ensure_host_image(state: State, podman: Podman, progress: BuildProgress) -> str:
    """The image's name, built first if it is not there.

    That it is there is remembered with the recipe's stamp: asking podman, or reading the recipe, at every
    start would cost more than the rest of it.
    """
    now = stamp([RECIPE])
    if (known := remembered(state, _NAME, now)) is not None:
        return known
    with state.shared.lock("host-image"):
        tag = built_host_image(state, podman) or _build(state, podman, progress)
        if not are_current(state, podman, tag) and podman.attempt("image", "exists", base_of(tag)).returncode == 0:
            with_answers(state, podman, tag, progress)
    remember(state, _NAME, now, tag)
    return tag


def remove_host_image(state: State, podman: Podman) -> None:
    """Remove every host image, old ones too; one that lab hosts still run on is left (podman-rmi(1))."""
    remove_all_of(state, podman, REPOSITORY)


def remove_all_of(state: State, podman: Podman, repository: str) -> None:
    """Remove all images of that name, whatever their tags."""
    listed = podman.run("images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={repository}")
    forget_host_images(state)
    if names := [line for line in listed.split() if line.startswith(f"{repository}:")]:
        podman.run("rmi", *names)


def _build(state: State, podman: Podman, progress: BuildProgress) -> str:
    from kvmlab.labhost.computer.podman_options import require_space

    tag = host_image_tag()
    if podman.attempt("image", "exists", base_of(tag)).returncode:
        require_space(PLACE, _NEEDED_MIB)
        _build_base(state, podman, base_of(tag), progress)
    killpoint("image.host.base")
    with_answers(state, podman, tag, progress)
    return tag


def _build_base(state: State, podman: Podman, base: str, progress: BuildProgress) -> None:
    with build_folder(state, _NAME) as folder, unfinished(state.cache, _NAME, base.rpartition(":")[2]) as kept:
        pack(folder / "rootfs.tar", {"": RECIPE / "rootfs"}, {"kvmlab-finish": (RECIPE / "finish").read_text()})
        hooks = ["--customize-hook=tar-in rootfs.tar /", '--customize-hook=chroot "$1" sh /kvmlab-finish']
        text = t("building the host image")
        names = package_names(RECIPE / "packages")
        root = once(kept / "root.tar", lambda tar: installed(tar, names, progress, text, options=hooks, cwd=folder))
        killpoint("image.host.root")
        progress.step(t("handing the host image to podman"), None)
        podman.run("import", "--quiet", "--change", 'CMD ["/sbin/init"]', str(root), base)


def with_answers(state: State, podman: Podman, tag: str, progress: BuildProgress, name: str = _NAME) -> None:
    """The image `tag`, from its base: with what libvirt found out about its QEMU. We hold the lock of `name`."""
    progress.step(t("asking QEMU once what it can do"), None)
    with build_folder(state, name) as folder:
        add_capabilities(state, podman, base_of(tag), tag, folder)


def base_of(tag: str) -> str:
    """The image before anything was asked of it; it shares its layers with `tag`, and costs nothing more."""
    return f"{tag}-base"


@contextmanager
def build_folder(state: State, name: str) -> Iterator[Path]:
    """A folder for a build, removed afterwards with those of builds that were killed; we hold the lock of `name`."""
    for left in state.cache.glob(f".{name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=state.cache, prefix=f".{name}-") as folder:
        yield Path(folder)
