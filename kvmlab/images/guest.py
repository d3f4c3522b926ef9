"""The guests' disk images: self-booting, put together inside a container of the host image, without root."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun, UsageError
from kvmlab.faults import step
from kvmlab.images.debian import installed, unpacked
from kvmlab.images.host import ensure_host_image
from kvmlab.images.recipe import RECIPES, Progress, pack, package_names, recipe_hash
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

LOOK = Path(__file__).parents[1] / "guest" / "look.sh"
IMPORTED = "-imported"
NAME = re.compile(r"[a-z][a-z0-9.]{0,39}")
OURS = tuple(sorted(path.name for path in RECIPES.iterdir() if (path / "unpack").exists()))
"""The guest images that have a recipe."""
_LOOK_OPTIONS = 'command="/usr/lib/kvmlab/look",no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-pty'


@dataclass(frozen=True)
class GuestImage:
    """A disk image guests are started from. `seed`: "nocloud" where it wants a cloud-init seed, else ""."""

    name: str
    path: Path
    hash: str
    seed: str = ""


def authorized_keys(state: State) -> str:
    """Whom a guest lets in as root: the checker, to look only, and the student (sshd(8))."""
    keys = [state.key_pair(name).with_suffix(".pub") for name in ("look_key", "student_key")]
    look, student = (key.read_text().strip() for key in keys)
    return f"{_LOOK_OPTIONS} {look}\n{student}\n"


def current_folder(state: State, name: str) -> Path:
    """Where the image `name` of our own lies once it is built from the recipe as it is now."""
    return state.images / f"{name}-{_hash(state, name)}"


def built_guest_disk(state: State, name: str) -> Path | None:
    """The disk image of `name` if it is built, else None."""
    path = current_folder(state, name) / "disk.qcow2"
    return path if path.exists() else None


def ensure_guest_image(state: State, podman: Podman, name: str, progress: Progress) -> GuestImage:
    """The image `name`, built first if it is one of ours and not there yet."""
    imported = state.images / f"{name}{IMPORTED}"
    if NAME.fullmatch(name) and (imported / "manifest.json").exists():
        manifest = json.loads((imported / "manifest.json").read_text())
        return GuestImage(name, imported / "disk.qcow2", manifest["hash"], seed="nocloud")
    if name not in OURS:
        raise UsageError(t("There is no guest image `{name}`.", name=name[:60]), "kvmlab image list")
    folder = current_folder(state, name)
    if not (folder / "manifest.json").exists():
        with state.lock(f"image-{name}"):
            if not (folder / "manifest.json").exists():
                _build(state, podman, name, folder, progress)
    return GuestImage(name, folder / "disk.qcow2", folder.name.rpartition("-")[2])


def _hash(state: State, name: str) -> str:
    return recipe_hash([RECIPES / name, RECIPES / "disk"], LOOK.read_text(encoding="utf-8"), authorized_keys(state))


def _build(state: State, podman: Podman, name: str, folder: Path, progress: Progress) -> None:
    from kvmlab.labhost.machine import find_podman, require_space

    host_image = ensure_host_image(state, podman, progress)
    require_space(state.images, 3 * _size_mib(name))
    _sweep(state, name)
    with tempfile.TemporaryDirectory(dir=state.images, prefix=f".new-{name}-") as temporary:
        work = Path(temporary) / "image"
        work.mkdir()
        _collect(state, name, work, progress)
        progress.step(t("putting together the guest image {name}", name=name), None)
        _assemble(find_podman(state, host_image), host_image, work, name, state.tag)
        for left in ("recipe.tar", "unpack.tar", "install.tar"):
            (work / left).unlink(missing_ok=True)
        write_atomic(work / "manifest.json", json.dumps({"name": name, "hash": folder.name.rpartition("-")[2]}))
        step(f"image.{name}")
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)


def _sweep(state: State, name: str) -> None:
    """Remove what builds that were killed have left; we hold the lock of `name`."""
    for left in state.images.glob(f".new-{name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _collect(state: State, name: str, work: Path, progress: Progress) -> None:
    """The recipe with this kvmlab's own keys and fact server (recipe/own), and the packages, as tars in `work`."""
    recipe = RECIPES / name
    own = "recipe/own/root/.ssh/authorized_keys", "recipe/own/usr/lib/kvmlab/look"
    texts = dict(zip(own, (authorized_keys(state), LOOK.read_text(encoding="utf-8")), strict=True))
    pack(work / "recipe.tar", {"recipe": recipe, "disk": RECIPES / "disk"}, texts)
    text = t("building the guest image {name}", name=name)
    unpacked(work / "unpack.tar", package_names(recipe / "unpack"), progress, text)
    if (recipe / "install").exists():
        without = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")]
        text = t("installing the packages of the guest image {name}", name=name)
        packages = package_names(recipe / "install")
        installed(work / "install.tar", packages, progress, text, options=without, cwd=work)


_ASSEMBLE = """
mkdir /tmp/packages /tmp/root /tmp/boot
tar -C /tmp -xf /work/recipe.tar
tar -C /tmp/packages --exclude='./dev/*' -xf /work/unpack.tar
if [ -e /work/install.tar ]; then tar -C /tmp/root --exclude='./dev/*' -xf /work/install.tar; fi
sh /tmp/recipe/assemble /tmp/packages /tmp/root
sh /tmp/disk/kernel /tmp/packages /tmp/root /tmp/boot
sh /tmp/disk/make-disk /tmp/root /tmp/boot /work/disk.qcow2 "$1"
chmod a+r /work/disk.qcow2
"""


def _assemble(podman: Podman, host_image: str, work: Path, name: str, tag: str) -> None:
    container = f"kvmlab-{tag}-build-{name}"
    podman.attempt("rm", "--force", "--ignore", "--time=0", container)
    options = ["--rm", f"--name={container}", "--pull=never", "--network=none", "--security-opt=label=disable"]
    argv = [*podman.run_options, *options, f"--volume={work}:/work", host_image]
    try:
        done = podman.attempt("run", *argv, "sh", "-euc", _ASSEMBLE, "sh", str(_size_mib(name)), timeout_s=900)
    finally:
        podman.attempt("rm", "--force", "--ignore", "--time=0", container)
    if done.returncode or not (work / "disk.qcow2").exists():
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise CannotRun(t("The guest image {name} could not be put together: {said}", name=name, said=said), "df -h")


def _size_mib(name: str) -> int:
    return int((RECIPES / name / "size-mib").read_text())
