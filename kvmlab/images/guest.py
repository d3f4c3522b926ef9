"""The guests' disk images: self-booting, put together inside a container of the host image, without root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import UsageError
from kvmlab.images.beside import beside
from kvmlab.images.build import new_folder, put_together
from kvmlab.images.host import ensure_host_image
from kvmlab.images.recipe import RECIPES, BuildProgress, pack, package_names, recipe_hash
from kvmlab.images.supply import Order, supply
from kvmlab.images.unfinished import once, shown_in, unfinished
from kvmlab.paths import State
from kvmlab.state import record
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

LOOK = Path(__file__).parents[1] / "guest" / "look.sh"
IMPORTED = "-imported"
NAME = re.compile(r"[a-z][a-z0-9.]{0,39}")
OURS = tuple(sorted(path.name for path in RECIPES.iterdir() if (path / "assemble").exists()))
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


def own_files(state: State, recipe: str) -> dict[str, str]:
    """What a guest has of this kvmlab's own, below own/ of the folder `recipe`: its keys and its fact server."""
    keys, look = "root/.ssh/authorized_keys", "usr/lib/kvmlab/look"
    return {f"{recipe}/own/{keys}": authorized_keys(state), f"{recipe}/own/{look}": LOOK.read_text(encoding="utf-8")}


def current_folder(state: State, name: str) -> Path:
    """Where the image `name` of our own lies once it is built from the recipe as it is now."""
    return state.images / f"{name}-{_hash(state, name)}"


def built_guest_disk(state: State, name: str) -> Path | None:
    """The disk image of `name` if it is built, else None."""
    path = current_folder(state, name) / "disk.qcow2"
    return path if path.exists() else None


def ensure_guest_image(state: State, podman: Podman, name: str, progress: BuildProgress) -> GuestImage:
    """The image `name`, built first if it is one of ours and not there yet."""
    imported = state.images / f"{name}{IMPORTED}"
    if NAME.fullmatch(name) and (imported / "manifest.json").exists():
        manifest = record.load(imported / "manifest.json")
        return GuestImage(name, imported / "disk.qcow2", manifest["hash"], seed="nocloud")
    if name not in OURS:
        raise UsageError(t("There is no guest image `{name}`.", name=name[:60]), "kvmlab image list")
    folder = current_folder(state, name)
    if not (folder / "manifest.json").exists():
        with state.shared.lock(f"image-{name}"):
            if not (folder / "manifest.json").exists():
                _build(state, podman, name, folder, progress)
    return GuestImage(name, folder / "disk.qcow2", folder.name.rpartition("-")[2])


def _hash(state: State, name: str) -> str:
    return recipe_hash([RECIPES / name, RECIPES / "disk"], LOOK.read_text(encoding="utf-8"), authorized_keys(state))


def _build(state: State, podman: Podman, name: str, folder: Path, progress: BuildProgress) -> None:
    from kvmlab.labhost.computer.podman_options import find_podman, require_space

    require_space(state.images, 3 * _size_mib(name))
    key = folder.name.rpartition("-")[2]
    with unfinished(state.images, name, key) as kept, new_folder(state, name, folder) as work:
        with beside(progress, partial(_collect, state, name, work, kept)) as collected:
            host_image = ensure_host_image(state, podman, progress)
            collected()
        progress.step(t("putting together the guest image {name}", name=name), None)
        found, arguments = find_podman(state, host_image), [str(_size_mib(name))]
        put_together(found, host_image, work, name, state.tag, _ASSEMBLE, arguments, "disk.qcow2")


def _collect(state: State, name: str, work: Path, kept: Path, progress: BuildProgress) -> None:
    """The recipe with this kvmlab's own keys and fact server (recipe/own), and the packages, as tars in `work`; the
    packages' are in `kept`, too, where the next try finds them if this one fails."""
    recipe = RECIPES / name
    pack(work / "recipe.tar", {"recipe": recipe, "disk": RECIPES / "disk"}, own_files(state, "recipe"))
    texts = {"unpack.tar": "building the guest image {name}"}
    texts["install.tar"] = "installing the packages of the guest image {name}"
    for tar, order in guest_orders(name).items():
        make = partial(supply, state, order, progress=progress, text=t(texts[tar], name=name))
        shown_in(work, once(kept / tar, make))


def guest_orders(name: str) -> dict[str, Order]:
    """The packages the image `name` is put together from, by the name of their tar."""
    recipe = RECIPES / name
    orders = {"unpack.tar": Order.unpacked(package_names(recipe / "unpack"))}
    if (recipe / "install").exists():
        without = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")]
        orders["install.tar"] = Order.installed(package_names(recipe / "install"), *without)
    return orders


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


def _size_mib(name: str) -> int:
    return int((RECIPES / name / "size-mib").read_text())
