"""What a build had got ready when it failed or was killed: the next try goes on from there.

Only within one boot of this computer: what had not reached the disk when its power went is not what it was, whatever
its size. Rejected: fsync(2) of all that is downloaded, which every build that ends well would pay for.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

from kvmlab.process import boot


def this_boot() -> str:
    """The beginning of its word: enough for a name."""
    return boot()[:8]


@contextlib.contextmanager
def unfinished(base: Path, name: str, key: str) -> Iterator[Path]:
    """A folder in `base` for the finished parts of the build `name` of the recipe `key`, with those of an earlier try.

    It is gone when the block ends well. The caller holds the lock of `name`.
    """
    folder = base / f".unfinished-{name}-{key}-{this_boot()}"
    for left in base.glob(f".unfinished-{name}-*"):
        if left != folder:
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def once(path: Path, make: Callable[[Path], object]) -> Path:
    """`path`, which `make` makes under another name, unless an earlier try has."""
    if not path.exists():
        half = path.with_name(f"{path.name}.half")
        make(half)
        half.replace(path)
    return path


def shown_in(folder: Path, path: Path) -> None:
    """The file `path` in `folder`, too, without its content being copied where that can be."""
    try:
        os.link(path, folder / path.name)
    except OSError:
        copy = folder / f".{path.name}"
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
        copy.rename(folder / path.name)


class Packages:
    """What a build in the folder `place` downloads, and what earlier tries have left beside that.

    mmdebstrap removes what it has downloaded when it fails; so each package gets a second name once it is whole (apt
    moves it to archives/ then).
    """

    PREFIX = f"kvmlab-packages-{os.getuid()}-"
    NOTE_S = 1.0
    HOOK = """--setup-hook=cd /
archives="$1/var/cache/apt/archives"
mkdir -p "$archives"
find "$1/../packages" -name '*.deb' -exec cp -t "$archives" {} +"""
    """mmdebstrap's option (mmdebstrap(1), CACHING): apt takes what is there, if its size is right. It begins in a
    folder that only the user may enter; find(1), as one of the user's subordinate ids, could not go back there."""

    def __init__(self, place: Path) -> None:
        self._place, self._folder = place, place / "packages"
        self._kept = place.parent / f"{self.PREFIX}{this_boot()}"
        self._noted = 0.0

    def take(self) -> None:
        """This build has what is kept, too; of another boot, it goes."""
        self._folder.mkdir(exist_ok=True)
        self._folder.chmod(0o755)
        for left in filter(_ours, self._kept.parent.glob(f"{self.PREFIX}*")):
            with contextlib.suppress(OSError):  # another build was faster
                if left == self._kept:
                    _show_all(left, self._folder)
                else:
                    shutil.rmtree(left)

    def note(self) -> None:
        """Give what has been downloaded its second name; to be called often."""
        if (now := monotonic()) - self._noted < self.NOTE_S:
            return
        self._noted = now
        for deb in self._place.glob("mmdebstrap.*/var/cache/apt/archives/*.deb"):
            if not (self._folder / deb.name).exists():
                with contextlib.suppress(OSError):  # it is just being removed
                    shown_in(self._folder, deb)

    def drop(self) -> None:
        """The build has ended well: nobody needs what it had, unless another build is still at it and has it, too."""
        if _ours(self._kept):
            for deb in self._folder.glob("*"):
                (self._kept / deb.name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another build has left more
                self._kept.rmdir()
        shutil.rmtree(self._folder, ignore_errors=True)

    def leave(self) -> None:
        """It has not: what it has downloaded is kept for the next one."""
        with contextlib.suppress(OSError):  # it is not empty, or there is none
            self._folder.rmdir()
        with contextlib.suppress(OSError):  # there are some already, or none here
            self._folder.rename(self._kept)
            return
        with contextlib.suppress(OSError):  # what is not kept is fetched again
            if _ours(self._kept):
                _show_all(self._folder, self._kept)


def _show_all(folder: Path, other: Path) -> None:
    for deb in folder.iterdir():
        if not (other / deb.name).exists():
            shown_in(other, deb)


def _ours(folder: Path) -> bool:
    """Whether nobody else can have put anything there: packages are installed as root."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
