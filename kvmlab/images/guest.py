"""The guests' disk images: self-booting, put together inside a container of the host image, without root."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun, UsageError
from kvmlab.images.host import ensure_host_image
from kvmlab.images.recipe import RECIPES, Progress, mmdebstrap, package_names, recipe_hash
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

LOOK = Path(__file__).parents[1] / "guest" / "look.sh"
IMPORTED = "-imported"
DISK_MIB = {"small": 256, "full": 2048, "cloud": 3072}
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
    if (imported / "manifest.json").exists():
        manifest = json.loads((imported / "manifest.json").read_text())
        return GuestImage(name, imported / "disk.qcow2", manifest["hash"], seed="nocloud")
    if not (RECIPES / name / "packages").exists() or name == "host":
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
    from kvmlab.labhost.machine import find_podman

    host_image = ensure_host_image(state, podman, progress)
    with tempfile.TemporaryDirectory(dir=state.images, prefix=".new-") as temporary:
        work = Path(temporary) / "image"
        work.mkdir()
        _lay_recipe(state, name, work)
        text = t("building the guest image {name}", name=name)
        mmdebstrap(work / "packages.tar", package_names(RECIPES / name), "extract", [], progress, text)
        progress.step(t("putting together the guest image {name}", name=name), None)
        _assemble(find_podman(state, host_image), host_image, work, name)
        for left in ("packages.tar", "recipe", "make-disk"):
            path = work / left
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        write_atomic(work / "manifest.json", json.dumps({"name": name, "hash": folder.name.rpartition("-")[2]}))
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)


def _lay_recipe(state: State, name: str, work: Path) -> None:
    """The recipe, with this kvmlab's own keys and fact server added as recipe/own."""
    shutil.copytree(RECIPES / name, work / "recipe")
    shutil.copy(RECIPES / "disk" / "make-disk", work / "make-disk")
    ssh, look = work / "recipe/own/root/.ssh", work / "recipe/own/usr/lib/kvmlab"
    ssh.mkdir(parents=True)
    look.mkdir(parents=True)
    (ssh / "authorized_keys").write_text(authorized_keys(state))
    shutil.copy(LOOK, look / "look")
    for path in (work / "recipe").rglob("*"):
        if path.is_file() and path.read_bytes()[:2] == b"#!":
            path.chmod(0o755)


_ASSEMBLE = """
mkdir /tmp/packages
tar -C /tmp/packages --exclude='./dev/*' -xf /work/packages.tar
sh -eu /work/recipe/assemble /tmp/packages /tmp/root
sh -eu /work/make-disk /tmp/root /work/disk.qcow2 "$1" kvmlab-root
chmod a+r /work/disk.qcow2
"""


def _assemble(podman: Podman, host_image: str, work: Path, name: str) -> None:
    options = [*podman.run_options, "--rm", "--network=none", "--security-opt=label=disable", f"--volume={work}:/work"]
    argv = ["run", *options, host_image, "sh", "-euc", _ASSEMBLE, "sh", str(DISK_MIB.get(name, 2048))]
    done = podman.attempt(*argv, timeout_s=900)
    if done.returncode or not (work / "disk.qcow2").exists():
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise CannotRun(t("The guest image {name} could not be put together: {said}", name=name, said=said), "df -h")
