"""Opening a bundle: checked first and whole, then step by step; a step that is done is found done."""

from __future__ import annotations

import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from kvmlab.bundle.archive import Bundle
from kvmlab.bundle.contents import Contents, read_contents, require_suitable
from kvmlab.bundle.environment import install
from kvmlab.errors import CannotRun
from kvmlab.images.memory import forget_host_images
from kvmlab.images.recipe import BuildProgress
from kvmlab.images.supply import packages_folder
from kvmlab.killpoints import killpoint
from kvmlab.labhost.computer.podman_options import require_space
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.words import language, t

_UNPACKED = 4
"""How many times larger the host images are without their compression, at most."""


@dataclass(frozen=True)
class Opened:
    """What has been set up: the command, and the images it is to make of what was brought."""

    command: Path
    contents: Contents

    def build_images(self) -> int:
        """Let the installed kvmlab make them, and show how far it is; its exit status."""
        argv = [str(self.command), f"--lang={language()}", "image", "build", *self.contents.images]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode


def open_bundle(state: State, podman: Podman, bundle: Bundle, place: Path, progress: BuildProgress) -> Opened:
    """Set up what is in `bundle`: kvmlab in `place`, podman's images, the packages of guest images."""
    contents = read_contents(bundle)
    bundle.verify(progress)
    require_suitable(contents)
    with state.lock("bundle", wait=False):
        command = install(bundle, contents.version, place, progress)
        killpoint("bundle.environment")
        _load_hosts(state, podman, bundle, contents, progress)
        killpoint("bundle.loaded")
        _lay_packages(state, bundle)
        killpoint("bundle.laid")
    return Opened(command, contents)


def _load_hosts(state: State, podman: Podman, bundle: Bundle, contents: Contents, progress: BuildProgress) -> None:
    """podman's images, by one podman-load(1) for all, unless they are there: each is told by its id."""
    if _absent(podman, contents):
        progress.step(t("handing the host image to podman"), None)
        for name in bundle.names("hosts"):
            require_space(state.cache, _UNPACKED * bundle.members[name].size >> 20)
            with tempfile.TemporaryDirectory(dir=state.cache, prefix=".bundle-") as folder:
                _unpack(bundle, name, Path(folder) / "hosts.tar")
                podman.run("load", "--quiet", f"--input={folder}/hosts.tar")
        forget_host_images(state)
    if missing := _absent(podman, contents):
        message = t("podman has loaded the host images, and {name} is not among them.", name=missing[0])
        raise CannotRun(message, "podman images")


def _unpack(bundle: Bundle, name: str, target: Path) -> None:
    """The member without its compression: podman 4.3 loads no compressed archive that is meant for several images."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        with target.open("xb") as out:
            for piece in bundle.pieces(name):
                out.write(unpacking.decompress(piece))
    except zlib.error:
        bundle.refuse(t("{name} in it is not as it was written", name=name))


def _absent(podman: Podman, contents: Contents) -> list[str]:
    ids = {name: podman.attempt("image", "inspect", "--format={{.Id}}", name) for name in contents.hosts}
    return [name for name, done in ids.items() if done.returncode or done.stdout.strip() != contents.hosts[name]]


def _lay_packages(state: State, bundle: Bundle) -> None:
    """The packages of guest images, where images/supply looks for them."""
    folder = packages_folder(state)
    folder.mkdir(exist_ok=True)
    for name in bundle.names("packages"):
        target = folder / Path(name).name
        require_space(folder, bundle.members[name].size >> 20)
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        bundle.extract(name, fresh)
        fresh.replace(target)
