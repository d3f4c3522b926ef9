"""The host image: Debian with systemd, libvirt and the course's tools, in podman's own storage."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.faults import step
from kvmlab.images.capabilities import add_capabilities, are_current, circumstances
from kvmlab.images.debian import PLACE, installed
from kvmlab.images.recipe import RECIPES, Progress, files_of, pack, package_names, recipe_hash
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

RECIPE = RECIPES / "host"
REPOSITORY = "localhost/kvmlab-host"
_MEMORY = "host-image.json"
_NEEDED_MIB = 3000


def host_image_tag() -> str:
    """The name the recipe as it is now gives the image."""
    return f"{REPOSITORY}:{recipe_hash([RECIPE])}"


def built_host_image(state: State, podman: Podman) -> str | None:
    """The image's name if it is there (podman-image-exists(1)), else None."""
    tag = host_image_tag()
    return tag if podman.attempt("image", "exists", tag).returncode == 0 else None


def ensure_host_image(state: State, podman: Podman, progress: Progress) -> str:
    """The image's name, built first if it is not there.

    That it is there is remembered with the recipe's stamp: asking podman, or reading the recipe, at every
    start would cost more than the rest of it.
    """
    stamp = _stamp()
    if (known := _remembered(state, stamp)) is not None:
        return known
    with state.lock("host-image"):
        tag = built_host_image(state, podman) or _build(state, podman, progress)
        if not are_current(podman, tag) and podman.attempt("image", "exists", _base(tag)).returncode == 0:
            _finish(state, podman, tag, progress)
    write_atomic(state.cache / _MEMORY, json.dumps({"stamp": stamp, "tag": tag}))
    return tag


def forget_host_image(state: State) -> None:
    """Ask podman next time: the image was not there after all."""
    (state.cache / _MEMORY).unlink(missing_ok=True)


def remove_host_image(state: State, podman: Podman) -> None:
    """Remove every host image, old ones too; one that lab hosts still run on is left (podman-rmi(1))."""
    listed = podman.run("images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={REPOSITORY}")
    forget_host_image(state)
    if names := [line for line in listed.split() if line.startswith(f"{REPOSITORY}:")]:
        podman.run("rmi", *names)


def _stamp() -> str:
    """Changes with any file of the recipe, with the user, whose images they are, and with the kernel."""
    times = [f"{path} {path.stat().st_mtime_ns}" for path in files_of(RECIPE)]
    return recipe_hash([], str(os.getuid()), circumstances(), *times)


def _remembered(state: State, stamp: str) -> str | None:
    try:
        kept = json.loads((state.cache / _MEMORY).read_text())
        return str(kept["tag"]) if kept["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(state: State, podman: Podman, progress: Progress) -> str:
    from kvmlab.labhost.machine import require_space

    require_space(PLACE, _NEEDED_MIB)
    tag = host_image_tag()
    with _folder(state) as folder:
        root = folder / "root.tar"
        pack(folder / "rootfs.tar", {"": RECIPE / "rootfs"}, {"kvmlab-finish": (RECIPE / "finish").read_text()})
        hooks = ["--customize-hook=tar-in rootfs.tar /", '--customize-hook=chroot "$1" sh /kvmlab-finish']
        text = t("building the host image")
        installed(root, package_names(RECIPE / "packages"), progress, text, options=hooks, cwd=folder)
        step("image.host.root")
        progress.step(t("handing the host image to podman"), None)
        podman.run("import", "--quiet", "--change", 'CMD ["/sbin/init"]', str(root), _base(tag), timeout_s=600)
    step("image.host.base")
    _finish(state, podman, tag, progress)
    return tag


def _finish(state: State, podman: Podman, tag: str, progress: Progress) -> None:
    """The image `tag`, from its base."""
    progress.step(t("asking QEMU once what it can do"), None)
    with _folder(state) as folder:
        add_capabilities(state, podman, _base(tag), tag, folder)


def _base(tag: str) -> str:
    """The image before anything was asked of it; it shares its layers with `tag`, and costs nothing more."""
    return f"{tag}-base"


@contextmanager
def _folder(state: State) -> Iterator[Path]:
    """A folder for a build, removed afterwards with those of builds that were killed; we hold the lock."""
    for left in state.cache.glob(".host-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=state.cache, prefix=".host-") as folder:
        yield Path(folder)
