"""What all builds of guest images and ISOs share: a folder nobody sees until it is whole, a container to work in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost.podman import OFFLINE, Podman, bound
from kvmlab.paths import State
from kvmlab.state import record
from kvmlab.words import t

_MATERIALS = ("recipe.tar", "unpack.tar", "install.tar")


@contextmanager
def new_folder(state: State, name: str, folder: Path) -> Iterator[Path]:
    """A folder to build the image `name` in; when the block ends well it becomes `folder`, manifest and all.

    The caller holds the lock of `name`; what builds that were killed have left is removed first.
    """
    for left in state.images.glob(f".new-{name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=state.images, prefix=f".new-{name}-") as temporary:
        work = Path(temporary) / "image"
        work.mkdir()
        yield work
        for material in _MATERIALS:
            (work / material).unlink(missing_ok=True)
        record.write(work / "manifest.json", {"name": name, "hash": folder.name.rpartition("-")[2]})
        killpoint(f"image.{name}")
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)


def put_together(
    podman: Podman, host_image: str, work: Path, name: str, tag: str, script: str, arguments: Sequence[str], made: str
) -> None:
    """Run the shell `script` in a container of the host image with `work` at /work; it leaves the file `made` there."""
    container = f"kvmlab-{tag}-build-{name}"
    podman.attempt("rm", "--force", "--ignore", "--time=0", container)
    options = ["--rm", f"--name={container}", *OFFLINE, "--security-opt=label=disable"]
    argv = [*podman.run_options, *options, bound(work, "/work"), host_image]
    try:
        done = podman.attempt("run", *argv, "sh", "-euc", script, "sh", *arguments)
    finally:
        podman.attempt("rm", "--force", "--ignore", "--time=0", container)
    if done.returncode or not (work / made).exists():
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise CannotRun(t("The guest image {name} could not be put together: {said}", name=name, said=said), "df -h")
