"""The kinds of lab host a lab may start from (`host = "bare"` in its header), each from the image of another.

    full    libvirt, QEMU and the course's tools, ready to work with       recipes/host
    bare    full without them, and a repository of them for apt, offline   recipes/bare, recipes/apt
    desk    full with a web console and graphical clients                  recipes/desk

`full` is what a lab has that says nothing. The others are made at their first use, as layers over its base, so they
cost what they add. bare carries the packages in its own image, not in a folder of a state directory: what apt there
knows of them, and they themselves, can never be of two different days. desk is made from the same packages.
Rejected: a root of its own for each (a minute and half a gigabyte more), and a network for the building container
(then it would have to know a mirror; mmdebstrap does).
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.images.capabilities import are_current
from kvmlab.images.debian import PLACE, fetched
from kvmlab.images.host import base_of, build_folder, ensure_host_image, host_image_tag, remove_all_of, with_answers
from kvmlab.images.memory import remember, remembered, stamp
from kvmlab.images.recipe import RECIPES, BuildProgress, pack, package_names, recipe_hash
from kvmlab.killpoints import killpoint
from kvmlab.labhost.podman import OFFLINE, Podman, bound
from kvmlab.paths import State
from kvmlab.words import t

FULL, BARE, DESK = "full", "bare", "desk"
KINDS = (FULL, BARE, DESK)
_RECIPES = {BARE: ("host", "bare", "apt"), DESK: ("host", "bare", "apt", "desk")}
_NEEDED_MIB = 2000
_SEEN_AT = "/run/kvmlab-bare"
"""Where the container that becomes the desk host sees the bare host's disk."""


def kind_tag(kind: str) -> str:
    """The name the recipes as they are now give the image of that kind."""
    if kind == FULL:
        return host_image_tag()
    return f"{_repository(kind)}:{recipe_hash(_recipes(kind))}"


def built_kind(podman: Podman, kind: str) -> str | None:
    """The image's name if it is there, else None."""
    tag = kind_tag(kind)
    return tag if podman.attempt("image", "exists", tag).returncode == 0 else None


def ensure_kind(state: State, podman: Podman, kind: str, progress: BuildProgress) -> str:
    """The image of that kind, built first if it is not there; as `ensure_host_image`."""
    return kind_on(ensure_host_image(state, podman, progress), state, podman, kind, progress)


def kind_on(host: str, state: State, podman: Podman, kind: str, progress: BuildProgress) -> str:
    """The same where the host image, `host`, has been found already."""
    if kind == FULL:
        return host
    now = stamp(_recipes(kind))
    if (known := remembered(state, kind, now)) is not None:
        return known
    with state.shared.lock(f"image-{kind}"):
        tag = built_kind(podman, kind) or _build(state, host, kind, progress)
        if kind == DESK and not are_current(state, podman, tag):
            with_answers(state, podman, tag, progress, kind)
    remember(state, kind, now, tag)
    return tag


def remove_kind(state: State, podman: Podman, kind: str) -> None:
    """Remove every image of that kind, old ones too; one that lab hosts still run on is left."""
    remove_all_of(state, podman, _repository(kind))


def _repository(kind: str) -> str:
    return f"localhost/kvmlab-{kind}"


def _recipes(kind: str) -> list[Path]:
    return [RECIPES / name for name in _RECIPES[kind]]


def _build(state: State, host: str, kind: str, progress: BuildProgress) -> str:
    from kvmlab.labhost.computer.podman_options import find_podman, require_space

    require_space(PLACE, _NEEDED_MIB)
    podman, tag = find_podman(state, host), kind_tag(kind)
    if kind == BARE:
        _build_bare(state, podman, host, tag, progress)
    else:
        _build_desk(state, podman, host, tag, progress)
    return tag


def _build_bare(state: State, podman: Podman, host: str, tag: str, progress: BuildProgress) -> None:
    if podman.attempt("image", "exists", base_of(tag)).returncode:
        progress.step(t("taking libvirt off the bare host"), None)
        with build_folder(state, BARE) as folder:
            pack(folder / "rootfs.tar", {"": RECIPES / "bare/rootfs"})
            _layer(state, podman, folder, RECIPES / "bare/layer", _below(podman, host), base_of(tag))
        killpoint("image.bare.base")
    with build_folder(state, BARE) as folder:
        argv = ["run", "--rm", *OFFLINE, *podman.run_options, base_of(tag), "cat", "/var/lib/dpkg/status"]
        status, packages = podman.run(*argv), package_names(RECIPES / "apt/packages")
        text = t("fetching the packages of the bare host")
        fetched(folder / "root.tar", (RECIPES / "apt/download").read_text(), packages, status, progress, text)
        _keep_packages(folder / "root.tar", folder / "packages")
        killpoint("image.bare.packages")
        progress.step(t("making a repository of them"), None)
        _layer(state, podman, folder, RECIPES / "apt/index", base_of(tag), tag)
    killpoint("image.bare")


def _build_desk(state: State, podman: Podman, host: str, tag: str, progress: BuildProgress) -> None:
    if podman.attempt("image", "exists", base_of(tag)).returncode:
        _build_desk_base(state, podman, host, base_of(tag), progress)
    killpoint("image.desk.base")
    with_answers(state, podman, tag, progress, DESK)


def _build_desk_base(state: State, podman: Podman, host: str, base: str, progress: BuildProgress) -> None:
    bare = kind_on(host, state, podman, BARE, progress)
    progress.step(t("installing a web console and graphical clients on the desk host"), None)
    with build_folder(state, DESK) as folder:
        pack(folder / "rootfs.tar", {"": RECIPES / "desk/rootfs"})
        (folder / "packages").write_text("\n".join(package_names(RECIPES / "desk/packages")) + "\n")
        option = f"--mount=type=image,source={bare},destination={_SEEN_AT}"
        _layer(state, podman, folder, RECIPES / "desk/layer", _below(podman, host), base, option)


def _below(podman: Podman, host: str) -> str:
    """The host image before anything was asked of it, where that is still there."""
    return base_of(host) if podman.attempt("image", "exists", base_of(host)).returncode == 0 else host


def _keep_packages(archive: Path, folder: Path) -> None:
    """The .deb files of what mmdebstrap made, and nothing else of it."""
    folder.mkdir()
    with tarfile.open(archive) as root:
        for entry in root:
            name = Path(entry.name).name
            if entry.isfile() and name.endswith(".deb") and (stream := root.extractfile(entry)):
                with (folder / name).open("wb") as out:
                    while data := stream.read(1 << 20):
                        out.write(data)
    archive.unlink()


def _layer(state: State, podman: Podman, folder: Path, script: Path, base: str, target: str, *options: str) -> None:
    """The image `target`: `base` after `script`, which sees `folder` at /run/kvmlab-build, has run in it."""
    container = f"kvmlab-{state.tag}-build-{script.parent.name}"
    always = [f"--name={container}", *OFFLINE, "--systemd=false"]
    always += ["--security-opt=label=disable", bound(folder, "/run/kvmlab-build", "ro")]
    (folder / "layer").write_text(script.read_text())
    folder.chmod(0o755)
    podman.attempt("rm", "--force", "--ignore", "--time=0", container)
    try:
        argv = ["run", *podman.run_options, *always, *options, base, "sh", "-eu", "/run/kvmlab-build/layer"]
        done = podman.attempt(*argv)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["?"])[-1]
            raise CannotRun(t("The image {name} could not be made: {said}", name=target, said=said[-300:]), "df -h")
        podman.run("commit", "--quiet", "--change", 'CMD ["/sbin/init"]', container, target)
    finally:
        podman.attempt("rm", "--force", "--ignore", "--time=0", container)
