"""libvirtd lent: what is said and handed over gets through whole, nobody else gets in, nothing is left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.remote.host_root import LIBVIRT, HostRoot
from kvmlab.setup import lending
from kvmlab.setup.lending import lent


@pytest.fixture
def libvirtd(tmp_path: Path) -> Iterator[socket.socket]:
    """Something that listens where a lab host's libvirtd does; its root is tmp_path/root."""
    path = tmp_path / "root" / LIBVIRT.lstrip("/")
    path.parent.mkdir(parents=True)
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        here = os.open(path.parent, os.O_PATH)
        server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)
        server.listen()
        server.settimeout(20)
        yield server


def connected(uri: str) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(20)
    stream.connect(uri.partition("socket=")[2])
    return stream


def test_what_is_said_gets_through_and_a_descriptor_with_the_byte_it_came_with(
    tmp_path: Path, libvirtd: socket.socket
) -> None:
    with lent(HostRoot(tmp_path / "root"), tmp_path / "run") as uri, connected(uri) as client:
        peer, _ = libvirtd.accept()
        threading.Thread(target=client.sendall, args=(b"x" * 1_000_000,)).start()
        assert peer.recv(1_000_000, socket.MSG_WAITALL) == b"x" * 1_000_000
        read, write = os.pipe()
        # Sent so close to one another, the answer and the byte with the descriptor are read as one.
        peer.sendall(b"an answer")
        socket.send_fds(peer, [b"\0"], [read])
        assert client.recv(9, socket.MSG_WAITALL) == b"an answer"  # by recv(2), which loses descriptors
        byte, (handed,), _, _ = socket.recv_fds(client, 1, 1)
        assert byte == b"\0"
        os.write(write, b"through")
        assert os.read(handed, 20) == b"through"
        for one in (read, write, handed):
            os.close(one)
        peer.close()
        assert client.recv(1) == b""


def test_it_has_no_name_and_nothing_is_left(tmp_path: Path, libvirtd: socket.socket) -> None:
    with lent(HostRoot(tmp_path / "root"), tmp_path / "run") as uri:
        assert list((tmp_path / "run").iterdir()) == []
        with connected(uri):
            libvirtd.accept()[0].close()
    with pytest.raises(OSError):
        connected(uri)


def test_where_no_libvirtd_is_there_or_too_many_come_they_are_told_at_once(
    tmp_path: Path, libvirtd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "AT_ONCE", 2)
    with lent(HostRoot(tmp_path / "root"), tmp_path / "run") as uri:
        those = [connected(uri) for _ in range(2)]
        peers = [libvirtd.accept()[0] for _ in those]
        with connected(uri) as more:
            assert more.recv(1) == b""
        for one in (*those, *peers):
            one.close()
        libvirtd.close()
        with connected(uri) as late:
            assert late.recv(1) == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_does_not_get_in(tmp_path: Path, libvirtd: socket.socket) -> None:
    tries = "import os, socket, sys; os.setuid(65533); socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    with lent(HostRoot(tmp_path / "root"), tmp_path / "run") as uri:
        done = subprocess.run(
            [sys.executable, "-c", tries, uri.partition("socket=")[2]], capture_output=True, text=True
        )
    assert "PermissionError" in done.stderr
