"""A lab host's libvirtd lent to this user's own programs (virt-viewer, virt-manager), as long as we run.

A socket of ours answers, and behind it somebody who is the lab host's root: libvirtd asks for that, and these programs
are nobody there. File descriptors pass, too, so a screen comes over the same way (virDomainOpenGraphicsFD), and no port
is open to anybody. The socket has no name but that of our descriptor of it: no other user can get to it (proc(5)), and
however we end, nothing is left.

Rejected: the path of libvirt's socket below /proc/PID/root (polkit takes nobody it cannot see); `qemu+ssh://` through
sshd's socket (libvirt's own ssh takes no ProxyCommand, and what is shown would go through two more processes).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

from kvmlab.remote.host_root import LIBVIRT, HostRoot

PIECE, DESCRIPTORS = 65536, 8
AT_ONCE = 16
"""Connections; virt-manager has one, virt-viewer two."""
CONNECT_S = 10.0


@contextlib.contextmanager
def lent(root: HostRoot, folder: Path) -> Iterator[str]:
    """The URI of its libvirtd, good for this user's programs until the block ends (`virsh --connect URI`).

    `folder`: where the socket stands until it is open.
    """
    with _nameless(folder) as (server, descriptor):
        threading.Thread(target=_serve, args=(server, root), daemon=True).start()
        yield f"qemu+unix:///system?socket=/proc/{os.getpid()}/fd/{descriptor}"


@contextlib.contextmanager
def _nameless(folder: Path) -> Iterator[tuple[socket.socket, int]]:
    """A socket that listens, and a descriptor (O_PATH) by which it is found."""
    name = f"view-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC))
        here = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            server.bind(f"/proc/self/fd/{here}/{name}")  # short enough wherever the folder is
            descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            stack.callback(os.close, descriptor)
            os.unlink(name, dir_fd=here)
        finally:
            os.close(here)
        server.listen(AT_ONCE)
        yield server, descriptor


def _serve(server: socket.socket, root: HostRoot) -> None:
    """A thread's: answer until the socket is closed."""
    few = threading.BoundedSemaphore(AT_ONCE)
    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        if _is_ours(peer) and few.acquire(blocking=False):
            threading.Thread(target=_through, args=(peer, root, few), daemon=True).start()
        else:
            peer.close()


def _is_ours(peer: socket.socket) -> bool:
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid in (0, os.getuid())


def _through(peer: socket.socket, root: HostRoot, few: threading.BoundedSemaphore) -> None:
    """Bytes and descriptors in both directions, until one side ends."""
    try:
        with peer, contextlib.suppress(OSError), root.connect(LIBVIRT, CONNECT_S) as libvirtd:
            libvirtd.settimeout(None)
            back = threading.Thread(target=_copy, args=(libvirtd, peer), daemon=True)
            back.start()
            _copy(peer, libvirtd)
            back.join()
    finally:
        few.release()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            data, descriptors, _, _ = socket.recv_fds(source, PIECE, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
            try:
                if not data:
                    break
                target.sendall(data[:-1] if descriptors else data)
                if descriptors:  # they came with the last byte: libvirt sends one byte with each (virSocketSendFD)
                    socket.send_fds(target, [data[-1:]], descriptors)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
