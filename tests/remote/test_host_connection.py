# ruff: noqa: E501 (tables are read better in one line)
"""The way to a host's fact server over SSH on a Unix socket: the real server behind it, and hostile ones."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from kvmlab.checks.reader import MissingObject, Want
from kvmlab.checks.subject import vocabulary_of
from kvmlab.checks.vocabulary import files, link, storage, system
from kvmlab.errors import CouldNotLook
from kvmlab.host import open_host
from kvmlab.host.reader import HostReader
from kvmlab.host.system import process as process_facts
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.host_root import SSH, HostRoot
from kvmlab.slowness import slowness
from tests.remote.servers import UnixServer, babble, make_key, serve, silent

SCRIPT = Path(__file__).parents[2] / "kvmlab" / "labhost" / "inside" / "look"


def look_server(command: str, channel: Any) -> None:
    """What sshd does: the forced command, its streams joined to the channel."""
    process = subprocess.Popen([sys.executable, "-IS", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None and stdout is not None

    def feed() -> None:
        while data := channel.recv(65536):
            stdin.write(data)
            stdin.flush()
        stdin.close()

    threading.Thread(target=feed, daemon=True).start()
    while data := stdout.readline():
        channel.sendall(data)


Open = Callable[[Callable[[socket.socket], None]], HostReader]


@pytest.fixture
def opened(tmp_path: Path, key: Path) -> Iterator[Open]:
    """Open a host whose ssh.sock is served so; deadlines are a fifth of what they are."""
    closing: list[Callable[[], object]] = []

    def make(handle: Callable[[socket.socket], None], patience: float = 0.2) -> HostReader:
        deep = tmp_path / ("d" * 80) / ("e" * 80)  # longer than a Unix socket's path may be
        closing.append(UnixServer(deep / SSH.lstrip("/"), handle).close)
        context = open_host(HostRoot(deep), key, patience=patience)
        reader, _ = context.__enter__()
        closing.append(lambda: context.__exit__(None, None, None))
        return reader

    yield make
    for close in reversed(closing):
        close()


@pytest.fixture
def reader(opened: Open, key: Path) -> HostReader:
    return opened(lambda stream: serve(stream, key, look_server), 10)  # type: ignore[call-arg]


def read(reader: HostReader, kind: str, *key: str, names: str) -> dict[str, Any]:
    answer = reader.read(kind, key, names.split())
    assert not isinstance(answer, MissingObject), answer
    return {name: reading.value for name, reading in answer.items()}


def test_a_link_and_its_neighbours(reader: HostReader) -> None:
    said = read(reader, "link", "lo", names="kind state up addresses master ports stp")
    assert said["state"] == "up" and "127.0.0.1/8" in said["addresses"] and said["master"] is None
    missing = reader.read("link", ("lo0",), ["up"])
    assert isinstance(missing, MissingObject) and "lo" in missing.offers


def test_files(reader: HostReader, tmp_path: Path) -> None:
    (tmp_path / "note").write_text(" a \n\n b\n")
    said = read(reader, "file", str(tmp_path / "note"), names="kind size_bytes mode lines text sha256 blank")
    assert (said["kind"], said["lines"], said["blank"]) == ("file", ["a", "b"], False)
    missing = reader.read("file", (str(tmp_path / "nota"),), ["text"])
    assert isinstance(missing, MissingObject) and str(tmp_path / "note") in missing.offers


def test_what_a_student_noted(reader: HostReader, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(
        "# mine\nNIC = e1000 \nrss: 144\npath=vnet0 -> virbr0, ens33\nempty=\nrss=144\nRSS=144\nage=1 h\nage=2 h\n"
    )
    said = read(reader, "note", str(file), "rss", names="text number words")
    assert said == {"text": "144", "number": 144, "words": ["144"]}
    assert read(reader, "note", str(file), "nic", names="text number") == {"text": "e1000", "number": None}
    assert read(reader, "note", str(file), "path", names="words") == {"words": ["vnet0", "virbr0", "ens33"]}
    twice = reader.read("note", (str(file), "age"), ["text"])
    assert isinstance(twice, MissingObject) and twice.text == "noted more than once, and not the same"
    for path, name, said_of_it in ((file, "empty", "not noted"), (tmp_path / "note.txt", "nic", "no such file")):
        missing = reader.read("note", (str(path), name), ["text"])
        assert isinstance(missing, MissingObject) and missing.text == said_of_it and missing.offers


def test_processes(reader: HostReader) -> None:
    said = read(reader, "process", "pattern", r"^\S*python\S* -IS .*/inside/look$", names="count pids command user")
    assert said["count"] >= 1 and said["pids"] and "look" in said["command"]
    assert read(reader, "process", "domain", "no-such-guest", names="count pid threads") == {
        "count": 0,
        "pid": None,
        "threads": [],
    }


def test_the_threads_of_a_guest_come_in_the_order_of_its_vcpus() -> None:
    class Host:
        def ask(self, verb: str) -> list[dict[str, Any]]:
            names = [(9, "CPU 10/KVM"), (8, "qemu-system-x86"), (7, "CPU 2/KVM"), (6, "worker")]
            threads = [{"name": name, "tid": tid, "cpus": [0, 1, 2, tid]} for tid, name in names]
            args = ["/usr/bin/qemu-system-x86_64", "-name", "guest=web1,debug-threads=on"]
            return [{"pid": 5, "user": "root", "args": args, "rss_kib": 2048, "threads": threads}]

    assert process_facts(cast(HostConnection, Host()), ("domain", "web1"))["vcpu_threads"] == [7, 9]
    assert process_facts(cast(HostConnection, Host()), ("domain", "web1"))["vcpu_cpus"] == {"0": "0-2,7", "1": "0-2,9"}


def test_a_port(reader: HostReader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])

        def greet() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"RFB 003.008\n")
            connection.close()

        threading.Thread(target=greet, daemon=True).start()
        assert read(reader, "listener", "127.0.0.1", port, names="open greeting")["greeting"] == "RFB 003.008"
    reader.refresh()
    assert read(reader, "reach", "host", "127.0.0.1", port, names="answers") == {"answers": False}
    assert read(reader, "web", f"http://127.0.0.1:{port}/", names="status text") == {"status": None, "text": None}


SUBJECTS: list[tuple[Any, tuple[str, ...]]] = [
    (link.Link, ("lo",)), (link.Resolver, ()), (link.Reach, ("host", "127.0.0.1", "")), (link.Listener, ("127.0.0.1", "1")),
    (link.Name, ("localhost", "")), (link.Web, ("http://127.0.0.1:1/",)), (files.File, ("/etc/passwd",)),
    (system.Package, ("dash",)), (system.Process, ("pattern", ".")), (system.Sysctl, ("kernel.hostname",)),
    (system.Module, ("nope",)), (system.Cpu, ()),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "place"), SUBJECTS, ids=lambda value: getattr(value, "__name__", None))
def test_every_fact_of_the_vocabulary_has_a_reading(reader: HostReader, subject: Any, place: tuple[str, ...]) -> None:
    names = [name for name in vocabulary_of(subject) if name != "exists"]
    try:
        answer = reader.read(subject.kind, place, names)
    except CouldNotLook as trouble:  # this computer need not have ping, ss, …
        assert "is not installed" in trouble.message
    else:
        assert not isinstance(answer, MissingObject)
        assert set(answer) == set(names)


def test_an_image_has_a_property_for_each_fact() -> None:
    from kvmlab.host.storage import Image

    assert {name for name in vocabulary_of(storage.ImageFile) if name != "exists"} <= set(dir(Image))


def test_prefetch_never_raises_and_its_answers_are_used(reader: HostReader, monkeypatch: pytest.MonkeyPatch) -> None:
    wants = [Want("link", ("lo",), ("up",)), Want("file", ("/etc/passwd",), ("text",)), Want("route", ("default",), ("via",)),
             Want("domain", ("web1", "now"), ("state",)), Want("guest-addresses", ("web1", ""), ("addresses",))]  # fmt: skip
    reader.prefetch(wants)
    assert read(reader, "link", "lo", names="up") == {"up": True}
    asked = reader.way._answers.copy()
    read(reader, "file", "/etc/passwd", names="text")
    assert set(reader.way._answers) == set(asked)


def trouble(reader: HostReader) -> CouldNotLook:
    began = time.monotonic()
    with pytest.raises(CouldNotLook) as raised:
        reader.read("link", ("lo",), ["up"])
    for _ in range(20):  # what is known is not tried again
        with pytest.raises(CouldNotLook):
            reader.read("file", ("/etc/passwd",), ["text"])
    assert time.monotonic() - began < 12 * slowness()
    return raised.value


def flood(command: str, channel: Any) -> None:
    while True:
        channel.sendall(b"\x1b]0;owned\x07" * 4096)


def nonsense(command: str, channel: Any) -> None:
    channel.sendall(b'{"id": 1}\n{"id": [1]}\nnull\n{"id": 99, "ok": true}\n\xff\xfe\n' + b"[" * 100000 + b"\n")


HOSTS: dict[str, tuple[Callable[[Path], Callable[[socket.socket], None]], str]] = {
    "silent": (lambda key: silent, "accepts and says nothing"),
    "no ssh": (lambda key: babble, "cannot be reached"),
    "closed": (lambda key: socket.socket.close, "cannot be reached"),
    "other key": (
        lambda key: lambda stream: serve(stream, make_key(key.parent / "other"), flood),
        "refuses the checker's key",
    ),
    "flood": (lambda key: lambda stream: serve(stream, key, flood), "The lab host"),
    "nonsense": (lambda key: lambda stream: serve(stream, key, nonsense), "The lab host"),
    "ends at once": (
        lambda key: lambda stream: serve(stream, key, lambda *_: None),
        "The lab host says: the fact server has ended",
    ),
    "says nothing": (
        lambda key: lambda stream: serve(stream, key, lambda *_: time.sleep(60)),
        "The lab host does not answer",
    ),
}


@pytest.mark.parametrize(("host", "said"), HOSTS.values(), ids=HOSTS.keys())
def test_a_bad_host(opened: Open, key: Path, host: Callable[[Path], Any], said: str) -> None:
    found = trouble(opened(host(key)))
    assert said in found.message
    assert found.todo


def test_no_host_at_all(tmp_path: Path, key: Path) -> None:
    with open_host(HostRoot(tmp_path), key) as (reader, events):
        for kind, place in (("link", ("lo",)), ("domain", ("web1", "now")), ("guest", ("web1", "10.0.0.1"))):
            with pytest.raises(CouldNotLook):
                reader.read(kind, place, ["up"])
        assert events.wait(0.05) is False
    with open_host(HostRoot(tmp_path / "nowhere"), key) as (reader, _), pytest.raises(CouldNotLook):
        reader.read("link", ("lo",), ["up"])


def test_a_host_that_has_gone_is_entered_again_in_the_next_pass(opened: Open, key: Path) -> None:
    streams: list[socket.socket] = []

    def handle(stream: socket.socket) -> None:
        streams.append(stream)
        serve(stream, key, look_server)

    reader = opened(handle)
    read(reader, "link", "lo", names="up")
    streams[0].shutdown(socket.SHUT_RDWR)
    time.sleep(0.3)
    reader.refresh()
    assert read(reader, "link", "lo", names="up") == {"up": True}
    assert len(streams) == 2
