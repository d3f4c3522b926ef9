"""kvmlab's own state directory: the only place outside a lab host that is ever written.

keys/      the two SSH key pairs: the checker's and the student's
images/    guest images;  saved/  saved guests;  cache/  compiled course
labs/      one file per lab that runs;  progress/  what has been achieved
run/       per lab host: the sockets that lead into it
proved/    what came of the cases of `kvmlab prove`
classes/   per class and student a state directory of its own

Several state directories may share the first four, which are dear to make: those of a class's students do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.words import t


def default_root() -> Path:
    """$KVMLAB_STATE, else $XDG_STATE_HOME/kvmlab, else ~/.local/state/kvmlab."""
    if own := os.environ.get("KVMLAB_STATE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state").absolute() / "kvmlab"


LOOK_S = 0.05
"""How often a lock that is waited for is looked at."""
SHARED = ("keys", "images", "saved", "cache")
OWN = ("labs", "progress", "run", "locks", "proved", "classes")


class State:
    """The state directory; its folders are made on first use, for this user's eyes only.

    `shared`: the one whose keys, images, saved guests and cache it uses: itself, or that of $KVMLAB_SHARED. What
    makes any of these takes a lock of `shared`.
    """

    def __init__(self, root: Path | None = None, shared: Path | None = None) -> None:
        if root is None and (other := os.environ.get("KVMLAB_SHARED")):
            shared = Path(other).absolute()
        self.root = root or default_root()
        self.shared = State(shared, shared) if shared and shared != self.root else self
        self._verified = False

    def __getattr__(self, name: str) -> Path:
        if name not in SHARED + OWN:
            raise AttributeError(name)
        if name in SHARED and self.shared is not self:
            return self.shared.__getattr__(name)
        path = self.root / name
        try:
            self._verify()
            path.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise CannotRun(
                t("{path} cannot be made: {error}.", path=path, error=error.strerror or error),
                "KVMLAB_STATE=DIR kvmlab …",
            ) from None
        return path

    def _verify(self) -> None:
        """The directory is there, ours, and for nobody else to write in; others may not even look (umask(2))."""
        if self._verified:
            return
        self.root.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.root.mkdir(mode=0o700)
        found = self.root.stat()
        if found.st_uid != os.geteuid():
            message = t("{path} belongs to another user (user id {uid}).", path=self.root, uid=found.st_uid)
            raise CannotRun(message, f"ls -ld {self.root}")
        if found.st_mode & 0o022:
            message = t("Others may write in {path}, and change what labs start from.", path=self.root)
            raise CannotRun(message, f"chmod 700 {self.root}")
        if found.st_mode & 0o077:
            self.root.chmod(0o700)
        self._verified = True

    @property
    def tag(self) -> str:
        """Eight hex digits that tell this state directory's containers from another's."""
        from hashlib import sha256  # late: it costs the verbs that need no container three milliseconds

        return sha256(str(self.root).encode()).hexdigest()[:8]

    def related(self) -> list[Path]:
        """The roots of this state directory, of that with the class it belongs to, and of all students of both."""
        of_student = len(self.root.parents) > 2 and self.root.parents[1].name == "classes"
        top = self.root.parents[2] if of_student else self.root
        return [top, *top.glob("classes/*/*")]

    @contextlib.contextmanager
    def lock(self, name: str, *, wait: bool | float = True, shared: bool = False) -> Iterator[None]:
        """Hold `name` alone among all kvmlabs of this state directory; freed by the kernel when we die.

        `wait`: for as long as it takes, not at all, or for so many seconds; `shared`: alone, but for others that share.
        Who waits looks again and again, so that it can be seen to live (kvmlab.liveness).
        """
        descriptor = os.open(self.locks / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        until = inf if wait is True else time.monotonic() + wait
        try:
            while not _locked(descriptor, how):
                if time.monotonic() >= until:
                    raise CannotRun(t("Another kvmlab is at work on {name}.", name=name), "kvmlab status")
                time.sleep(LOOK_S)
            yield
        finally:
            os.close(descriptor)

    def key_pair(self, name: str) -> Path:
        """The private key `keys/NAME` (its public half beside it as .pub), made on first use."""
        path: Path = self.keys / name
        if not path.exists() or not path.with_suffix(".pub").exists():
            with self.shared.lock("keys"):
                if not path.exists() or not path.with_suffix(".pub").exists():
                    make_key(path)
        return path


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True


def files_below(folder: Path) -> list[Path]:
    """All files in `folder` and below it, in the order of their paths, without what Python keeps there."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def make_key(path: Path) -> None:
    """An Ed25519 pair in OpenSSH's format (ssh-keygen(1))."""
    import shutil
    import subprocess
    import tempfile

    if not shutil.which("ssh-keygen"):
        from kvmlab.install_command import install

        raise CannotRun(t("ssh-keygen is not installed."), install("openssh-client"))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = Path(folder) / "key"
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"kvmlab-{path.name}", "-f", str(fresh)]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["?"])[-1].rstrip(".")
            raise CannotRun(t("{path} cannot be written: {error}.", path=path, error=said), "df -h")
        fresh.with_suffix(".pub").replace(path.with_suffix(".pub"))
        fresh.replace(path)


def is_no_file(path: Path) -> bool:
    """Whether something else than a file is there, a device for example: rename(2) would put a file in its place."""
    return path.exists() and not path.is_file()


def write_atomic(path: Path, content: str | bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Write the whole of `path` or nothing: a temporary file, fsync (if `durable`), rename(2)."""
    data = content.encode() if isinstance(content, str) else content
    name = f"{path.parent}/.{path.name[:40]}.{os.urandom(6).hex()}"
    try:
        try:
            with os.fdopen(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode), "wb") as stream:
                stream.write(data)
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
            os.replace(name, path)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise CannotRun(
            t("{path} cannot be written: {error}.", path=path, error=error.strerror or error), "df -h"
        ) from None
