"""The host image: Debian with systemd, libvirt and the course's tools, in podman's own storage."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.images.debian import installed
from kvmlab.images.recipe import RECIPES, Progress, pack, package_names, recipe_hash
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

RECIPE = RECIPES / "host"
REPOSITORY = "localhost/kvmlab-host"
_MEMORY = "host-image.json"


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
    """Changes with any file of the recipe and with podman's storage (storage.conf(5): root of the image store)."""
    files = sorted(str(path) for path in RECIPE.rglob("*"))
    times = [str(os.lstat(path).st_mtime_ns) for path in files]
    return recipe_hash([], str(os.getuid()), *files, *times)


def _remembered(state: State, stamp: str) -> str | None:
    try:
        kept = json.loads((state.cache / _MEMORY).read_text())
        return str(kept["tag"]) if kept["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(state: State, podman: Podman, progress: Progress) -> str:
    tag = host_image_tag()
    with tempfile.TemporaryDirectory(dir=state.cache, prefix=".host-") as folder:
        root = Path(folder) / "root.tar"
        pack(Path(folder) / "rootfs.tar", {"": RECIPE / "rootfs"}, {"kvmlab-finish": (RECIPE / "finish").read_text()})
        hooks = ["--customize-hook=tar-in rootfs.tar /", '--customize-hook=chroot "$1" sh /kvmlab-finish']
        text = t("building the host image")
        installed(root, package_names(RECIPE / "packages"), progress, text, options=hooks, cwd=Path(folder))
        progress.step(t("handing the host image to podman"), None)
        base = f"{tag}-base"
        podman.run("import", "--quiet", "--change", 'CMD ["/sbin/init"]', str(root), base, timeout_s=600)
        root.unlink()
        progress.step(t("asking QEMU once what it can do"), None)
        _with_capabilities(state, podman, base, tag, Path(folder))
        podman.attempt("untag", base)
    return tag


def _with_capabilities(state: State, podman: Podman, base: str, tag: str, folder: Path) -> None:
    """`base` and, on top of it, what libvirt found out about its QEMU: 1.5 s less at every start.

    The answer holds for a QEMU binary by its ctime, so it can only come from this very image on this computer;
    and only with, or only without, /dev/kvm, so there is one for each.
    """
    from kvmlab.labhost.machine import container_options, find_podman

    found = find_podman(state, base)
    answers = folder / "capabilities"
    for kind in ("tcg", "kvm"):
        options = [option for option in container_options() if kind == "kvm" or option != "--device=/dev/kvm"]
        if kind == "kvm" and "--device=/dev/kvm" not in options:
            continue
        (answers / kind).mkdir(parents=True)
        options = [*found.run_options, *options, f"--volume={answers / kind}:/out"]
        done = found.attempt("run", "--rm", *options, base, "/bin/sh", "-euc", _ASK, timeout_s=120)
        if done.returncode:
            said = done.stderr.strip()[-300:]
            raise CannotRun(t("libvirt on the host image does not work: {said}", said=said), "podman info")
    (folder / "Containerfile").write_text(f"FROM {base}\nCOPY capabilities /usr/share/kvmlab/capabilities\n")
    podman.run("build", "--quiet", "--isolation=chroot", f"--tag={tag}", str(folder), timeout_s=300)
    shutil.rmtree(answers)


_ASK = """
libvirtd --daemon
for attempt in 1 2 3 4 5 6 7 8 9 10; do virsh uri >/dev/null 2>&1 && break; sleep 1; done
virsh domcapabilities --virttype qemu >/dev/null
cp -p /var/cache/libvirt/qemu/capabilities/*.xml /out/
chmod a+r /out/*
"""
