"""The root directory of a lab host, reached from outside: its sockets and files, found without following any link.

Nothing of a lab host is shared with the outside by a mount. What its root has put at a path is hostile: a link, a
FIFO, a directory. So each part of a path is opened by itself with O_NOFOLLOW (open(2)), the last one is looked at
before it is used, and whoever answers at a socket has to be of that lab host (SO_PEERCRED, unix(7)).
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kvmlab.process import has_ended

LIBVIRT = "/run/libvirt/libvirt-sock"
LIBVIRT_READ_ONLY = "/run/libvirt/libvirt-sock-ro"
SSH = "/run/kvmlab/ssh.sock"
ASK = "/run/kvmlab/ask.sock"
IDS = 65536
"""How many user ids a lab host has (subuid(5)): Debian's highest, nobody, is 65534."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class HostRoot:
    """What a lab host's `/` is, outside.

    `folder`: /proc/PID of its first process, or any directory laid out like a root. `init`: which process
    that is (kvmlab.process), so that another one of its number is never taken for it; "" where `folder` is the root
    itself. `uid`: who its root is outside; None: we are. `host_key`: its SSH host key, public
    half, as OpenSSH writes it; "": not known.
    """

    folder: Path
    init: str = ""
    uid: int | None = None
    host_key: str = ""

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[int]:
        """A descriptor of `path` (O_PATH), nothing on the way a link. Raises OSError."""
        parts = PurePosixPath(path).parts[1:]
        with contextlib.ExitStack() as stack:
            here = self._open(stack)
            for part in parts[:-1]:
                here = _pushed(stack, os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=here))
            if parts:
                here = _pushed(stack, os.open(parts[-1], os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here))
            yield here

    def _open(self, stack: contextlib.ExitStack) -> int:
        folder = _pushed(stack, os.open(self.folder, _FOLDER))
        if not self.init:
            return folder
        if has_ended(self.init) is not False:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        return _pushed(stack, os.open("root", _FOLDER, dir_fd=folder))

    @contextlib.contextmanager
    def socket_name(self, path: str) -> Iterator[str]:
        """A name, short enough for connect(2), of the socket at `path`; while it lasts, this thread is the lab
        host's root to whoever it connects to (polkit takes no one it cannot see). Raises OSError."""
        with self.opened(path) as file:
            if not stat.S_ISSOCK(os.fstat(file).st_mode):
                raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
            with self.as_its_root():
                yield f"/proc/self/fd/{file}"

    def connect(self, path: str, timeout_s: float) -> socket.socket:
        """A stream connected to the socket at `path`, which a process of the lab host answers. Raises OSError."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            stream.settimeout(timeout_s)
            with self.socket_name(path) as name:
                stream.connect(name)
            self._verify(stream)
        except BaseException:
            stream.close()
            raise
        return stream

    def _verify(self, stream: socket.socket) -> None:
        _, uid, _ = struct.unpack("3i", stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        first, count = (os.getuid(), 1) if self.uid is None else (self.uid, IDS)
        if not first <= uid < first + count:
            raise OSError(errno.EPERM, "it is answered by a process of another")

    @contextlib.contextmanager
    def listener(self, path: str) -> Iterator[socket.socket]:
        """A socket of ours that listens at `path`; what stood there is put aside.

        Raises OSError where there is no such directory any more.
        """
        folder, _, name = path.rpartition("/")
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        with server, self.opened(folder) as here:
            with self.as_its_root():
                _put_aside(name, here)
                server.bind(f"/proc/self/fd/{here}/{name}")
            server.listen(16)
            try:
                yield server
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=here)

    def text(self, path: str, most: int = 4096) -> str:
        """The first `most` bytes of a file as text; "" where there is no plain file. Raises OSError for the host."""
        try:
            with self.opened(path) as file:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    return ""
                with open(f"/proc/self/fd/{file}", "rb", buffering=0) as stream:  # noqa: PTH123
                    return stream.read(most).decode(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""

    @contextlib.contextmanager
    def as_its_root(self) -> Iterator[None]:
        """This thread, and no other, has the rights of the lab host's root, and no more, until the block ends."""
        if self.uid is None:
            yield
            return
        _become(self.uid)
        try:
            yield
        finally:
            _become(0)


def _pushed(stack: contextlib.ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _put_aside(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        os.rename(name, f"{name}.{os.urandom(4).hex()}", src_dir_fd=folder, dst_dir_fd=folder)


# setresuid(2) and setresgid(2) of the kernel are a thread's; libc's make all threads follow.
_NUMBERS = {"x86_64": (117, 119), "aarch64": (147, 149), "riscv64": (147, 149), "ppc64le": (164, 169)}


def _become(uid: int) -> None:
    import ctypes  # late: only root needs it

    set_uid, set_gid = _NUMBERS[platform.machine()]
    system = ctypes.CDLL(None, use_errno=True).syscall
    ids = (ctypes.c_long(-1), ctypes.c_long(uid), ctypes.c_long(-1))
    # Giving rights up goes group first, taking them back user first.
    for number in (set_gid, set_uid) if uid else (set_uid, set_gid):
        if system(ctypes.c_long(number), *ids):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
