"""Connections made before anybody asked: taken once, and only where they lead where new ones would."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import libvirt
import pytest

from kvmlab.host import open_host, standing
from kvmlab.host.connection import Libvirt
from kvmlab.host.standing import Connected, stand, taken
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY, SSH, HostRoot
from kvmlab.slowness import slowness
from tests.remote.servers import UnixServer, serve
from tests.remote.test_host_connection import look_server

PATIENCE = 10 * slowness()


class LabHost:
    """A directory with the two sockets of a lab host; SSH and the fact server answer at one, nobody at the other."""

    def __init__(self, folder: Path, key: Path) -> None:
        self.folder, self.key = folder, key
        self.streams: list[socket.socket] = []
        self.ssh = UnixServer(folder / SSH.lstrip("/"), self._serve)
        self.libvirt = UnixServer(folder / LIBVIRT_READ_ONLY.lstrip("/"), socket.socket.close)

    @property
    def root(self) -> HostRoot:
        return HostRoot(self.folder)

    def _serve(self, stream: socket.socket) -> None:
        self.streams.append(stream)
        serve(stream, self.key, look_server)

    def close(self) -> None:
        self.ssh.close()
        self.libvirt.close()


@pytest.fixture
def lab_host(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabHost]:
    monkeypatch.setattr(Libvirt, "_open", lambda _: libvirt.openReadOnly("test:///default"))
    host = LabHost(tmp_path / "root", key)
    stand(host.root, key, (), PATIENCE)
    assert standing._standing is not None
    standing._standing.way.session()
    yield host
    standing.let_go()
    host.close()


def again(lab_host: LabHost, **other: Any) -> tuple[Libvirt, HostConnection] | None:
    return taken(replace(lab_host.root, **other), lab_host.key, PATIENCE)


def test_a_look_takes_what_stands(lab_host: LabHost) -> None:
    for connections in (1, 2):
        with open_host(lab_host.root, lab_host.key, patience=PATIENCE) as (reader, _):
            assert isinstance(reader.read("link", ("lo",), ["up"]), dict)
        assert len(lab_host.streams) == connections  # the second look finds none, and makes its own


def test_nothing_that_was_read_is_kept(lab_host: LabHost, tmp_path: Path) -> None:
    (file := tmp_path / "noted").write_text("before")
    one = standing._standing
    assert isinstance(one, Connected)
    assert one.way.ask("file", path=str(file), content=True)
    file.unlink()
    with open_host(lab_host.root, lab_host.key, patience=PATIENCE) as (reader, _):
        assert reader.way is one.way
        assert not isinstance(reader.read("file", (str(file),), ["exists"]), dict)


def replaced(lab_host: LabHost, path: str) -> None:
    """Somebody else's socket stands there now."""
    file = lab_host.folder / path.lstrip("/")
    file.unlink()
    folder = os.open(file.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"/proc/self/fd/{folder}/{file.name}")
    os.close(folder)


CHANGES: dict[str, Callable[[LabHost], None]] = {
    "another SSH": lambda host: replaced(host, SSH),
    "another libvirtd": lambda host: replaced(host, LIBVIRT_READ_ONLY),
    "no SSH": lambda host: (host.folder / SSH.lstrip("/")).unlink(),
    "closed to all": lambda host: (host.folder / LIBVIRT_READ_ONLY.lstrip("/")).chmod(0),
    "the connection has gone": lambda host: host.streams[0].shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_leads_elsewhere_now_is_not_taken(lab_host: LabHost, change: Callable[[LabHost], None]) -> None:
    one = standing._standing
    assert isinstance(one, Connected)
    one.way.ask("hello")
    change(lab_host)
    assert again(lab_host) is None


def test_of_another_lab_host_it_is_not_taken(lab_host: LabHost, tmp_path: Path) -> None:
    assert again(lab_host, host_key="ssh-ed25519 AAAA") is None
    assert again(lab_host) is None  # and was not kept for later


def test_a_libvirtd_that_does_not_answer(lab_host: LabHost) -> None:
    one = standing._standing
    assert isinstance(one, Connected)

    def gone(work: Any, more_s: float = 0) -> Any:
        raise OSError("Cannot recv data")

    one.libvirt.ask = gone  # type: ignore[method-assign]
    assert again(lab_host) is None


def test_where_no_lab_host_is_nothing_stands(tmp_path: Path, key: Path) -> None:
    stand(HostRoot(tmp_path / "nowhere"), key, (), PATIENCE)
    assert taken(HostRoot(tmp_path / "nowhere"), key, PATIENCE) is None
