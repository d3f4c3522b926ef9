"""Roots of Debian packages, by mmdebstrap(1): it needs no root, and knows Debian's mirror and keys by itself."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.images.recipe import SUITE, BuildProgress
from kvmlab.images.unfinished import Packages
from kvmlab.install_command import install
from kvmlab.words import t

PLACE = Path("/var/tmp")
"""Where roots are unpacked. Not /tmp, which is memory on many computers; nor a home, which an ordinary user's
subordinate ids (subuid(5)) may not enter."""


def installed(
    target: Path, packages: Sequence[str], progress: BuildProgress, text: str, *, options: Sequence[str] = (), cwd: Path
) -> None:
    """`target`: a tar of a root with `packages` installed. `options` name files below `cwd`."""
    mmdebstrap(target, ["--variant=minbase", *options], packages, progress, text, cwd)


def fetched(
    target: Path, script: str, packages: Sequence[str], status: str, progress: BuildProgress, text: str
) -> None:
    """`target`: a tar of a root with what the hook `script` has put there, and nothing else.

    The hook finds the names in $PACKAGES, and a dpkg status file beside the root: that of the host they are for.
    """
    options = ["--variant=custom", f"--customize-hook=PACKAGES='{' '.join(packages)}'\n{script}"]
    mmdebstrap(target, options, [], progress, text, beside={"status": status})


def mmdebstrap(
    target: Path,
    options: Sequence[str],
    packages: Sequence[str],
    progress: BuildProgress,
    text: str,
    cwd: Path | None = None,
    beside: Mapping[str, str] | None = None,
) -> None:
    """Run it, saying how far it is; CannotRun with its own words if it fails.

    `beside`: files to lie beside the new root, by their names, where its hooks can read them.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise CannotRun(t("mmdebstrap is not installed."), install("mmdebstrap"))
    # A mount namespace of its own: what root's mmdebstrap mounts in the new root is gone when it is, even if killed.
    alone = ["unshare", "--mount", "--propagation=private"] if os.getuid() == 0 else []
    include = [f"--include={','.join(packages)}"] if packages else []
    hook = [Packages.HOOK] if packages else []
    # Nobody needs a root that was half there when the power went: dpkg(1) need not wait for the disk.
    quick = "--dpkgopt=force-unsafe-io"
    argv = [*alone, program, "--verbose", "--format=tar", quick, *hook, *options, *include, SUITE, "-"]
    with _place() as place, target.open("wb") as out:
        downloaded = Packages(place)
        if packages:
            downloaded.take()
        for name, content in (beside or {}).items():
            (place / name).write_text(content, encoding="utf-8")
            (place / name).chmod(0o644)
        said = _run(
            argv, {**os.environ, "TMPDIR": str(place), "LC_ALL": "C"}, cwd, out.fileno(), progress, text, downloaded
        )
        if not said:
            downloaded.drop()
    if said:
        raise CannotRun(t("mmdebstrap failed: {said}", said=said), "kvmlab doctor")


def _run(
    argv: list[str],
    env: dict[str, str],
    cwd: Path | None,
    out: int,
    progress: BuildProgress,
    text: str,
    downloaded: Packages,
) -> str:
    """What went wrong, or ""."""
    reckoning = Reckoning("--variant=minbase" not in argv)
    last: list[str] = []
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    process = subprocess.Popen(
        argv, env=env, cwd=cwd, stdin=nothing, stdout=out, stderr=pipe, text=True, errors="replace"
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            last = [*last[-60:], line.strip()]
            progress.step(text, reckoning.after(line))
            downloaded.note()
        process.wait()
    finally:
        if process.poll() is None:  # we are interrupted: it cleans up when it is told to end
            process.terminate()
            process.wait()
    if not process.returncode:
        return ""
    errors = [line for line in last if line.startswith(("E:", "Err:")) and "failed to run" not in line]
    return (errors or last or ["?"])[0 if errors else -1][:300]


@contextmanager
def _place() -> Iterator[Path]:
    """A folder to unpack in, locked while we live, removed afterwards; so are those of builds that were killed."""
    base = PLACE if os.access(PLACE, os.W_OK) else Path(tempfile.gettempdir())
    prefix = f"kvmlab-{os.getuid()}-"
    for left in base.glob(f"{prefix}*"):
        _remove_if_free(left)
    while (locked := _locked(Path(tempfile.mkdtemp(prefix=prefix, dir=base)))) is None:
        pass
    place, lock = locked
    try:
        yield place
    finally:
        os.close(lock)
        _remove_if_free(place)


def _locked(place: Path) -> tuple[Path, int] | None:
    """The new folder and its lock; None where a build that began just now has taken it for one that was left."""
    try:
        place.chmod(0o755)
        lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_EX)
    if place.exists():
        return place, lock
    os.close(lock)
    return None


def _remove_if_free(place: Path) -> None:
    try:
        lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_uid == os.getuid():
            Packages(place).leave()
            _remove(place)
    except OSError:
        pass  # somebody's build is under way in it
    finally:
        os.close(lock)


def _remove(place: Path) -> None:
    """Remove what was unpacked, and nothing that is mounted in it: a killed build may have left our /dev/shm there.

    What cannot be unmounted stays, whole.
    """
    for mount in sorted(mounts_below(place), reverse=True):
        subprocess.run(["umount", "--", str(mount)], capture_output=True, check=False)
    if mounts_below(place):
        return
    remove = ["rm", "-rf", "--one-file-system", "--", str(place)]
    subprocess.run(remove, capture_output=True, check=False)
    if place.exists() and os.getuid() and shutil.which("podman"):  # files of an ordinary user's subordinate ids
        subprocess.run(["podman", "unshare", *remove], capture_output=True, check=False)


def mounts_below(place: Path) -> list[Path]:
    """What is mounted in `place`, by mount point (proc_pid_mountinfo(5))."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    points = (re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in lines)
    return [Path(point) for point in points if point.startswith(f"{place}/")]


@dataclass
class Reckoning:
    """mmdebstrap's lines as a fraction of the whole; it never goes back."""

    only_unpack: bool
    begin: float = 0.0
    end: float = 0.02
    packages: int = 0
    seen: int = 0

    def after(self, line: str) -> float:
        """The fraction that is done after `line`."""
        for start, span in (_UNPACK if self.only_unpack else _INSTALL).items():
            if line.startswith(start):
                self.begin, self.end = span
                self.packages = self.seen = 0
        if found := re.match(r"\d+ upgraded, (\d+) newly installed", line):
            self.packages = int(found[1])
        self.seen += line.startswith(("Get:", "Unpacking ", "Setting up "))
        steps = self.packages * (1 if self.end in (0.1, 0.7) else 3)
        return self.begin + (self.end - self.begin) * (min(1.0, self.seen / steps) if steps else 0.0)


_INSTALL = {
    "I: downloading packages": (0.02, 0.1),
    "I: extracting archives": (0.1, 0.12),
    "I: installing essential": (0.12, 0.2),
    "I: installing remaining": (0.2, 0.9),
    "I: running special hook": (0.9, 0.93),
    "I: cleaning package lists": (0.93, 0.95),
    "I: creating tarball": (0.95, 1.0),
}
_UNPACK = {
    "I: downloading packages": (0.05, 0.7),
    "I: extracting archives": (0.7, 0.95),
    "I: creating tarball": (0.95, 1.0),
}
