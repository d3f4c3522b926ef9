"""SSH peers that behave badly: always Unreachable, always in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmlab.remote.ssh import Session, Unreachable, Why, connect
from kvmlab.slowness import slowness
from tests.remote.servers import Answer, babble, make_key, pair, serve, silent

TIMEOUT_S = 1.0


def say(out: bytes = b"", err: bytes = b"", status: int = 0) -> Answer:
    def answer(command: str, channel: Any) -> None:
        channel.sendall(out)
        channel.sendall_stderr(err)
        channel.send_exit_status(status)

    return answer


def session(key: Path, answer: Answer, **more: Any) -> Session:
    ours, theirs = pair()
    serve(theirs, key, answer, **more)
    return connect(ours, key, timeout_s=5)


@pytest.fixture
def clock() -> Iterator[Callable[[], float]]:
    began = time.monotonic()
    yield lambda: time.monotonic() - began


def test_a_command_gives_both_streams_and_its_status(key: Path) -> None:
    output = session(key, say(b"out\n", b"err\n", 3)).run("any", timeout_s=5)
    assert (output.out, output.err, output.status) == (b"out\n", b"err\n", 3)


def test_the_quick_ciphers_are_chosen(key: Path) -> None:
    assert session(key, say())._transport.local_cipher == "aes128-ctr"


def test_many_megabytes_on_standard_error_do_not_hang_it(key: Path) -> None:
    output = session(key, say(b"fine", b"x" * (5 << 20))).run("any", timeout_s=20)
    assert output.out == b"fine"
    assert len(output.err) == 5 << 20


def test_what_prints_without_end_is_cut_off(key: Path, clock: Callable[[], float]) -> None:
    def flood(command: str, channel: Any) -> None:
        while True:
            channel.sendall(b"\x1b[31m" * 4096)

    with pytest.raises(Unreachable) as trouble:
        session(key, flood).run("any", timeout_s=20, cap=1 << 20)
    assert trouble.value.why is Why.TOO_MUCH
    assert clock() < 15


def test_a_command_that_never_ends_is_left(key: Path, clock: Callable[[], float]) -> None:
    with pytest.raises(Unreachable) as trouble:
        session(key, lambda *_: time.sleep(30)).run("any", timeout_s=TIMEOUT_S)
    assert trouble.value.why is Why.SILENT
    assert clock() < 5


def test_one_that_prints_a_little_for_ever_is_left(key: Path, clock: Callable[[], float]) -> None:
    def drip(command: str, channel: Any) -> None:
        for _ in range(300):
            channel.sendall(b".")
            time.sleep(0.1)

    with pytest.raises(Unreachable) as trouble:
        session(key, drip).run("any", timeout_s=TIMEOUT_S)
    assert trouble.value.why is Why.SILENT
    assert clock() < 5


@pytest.mark.parametrize(
    ("peer", "why"), [(silent, Why.SILENT), (babble, Why.NOT_SSH), (socket.socket.close, Why.CLOSED)]
)
def test_a_peer_that_is_no_ssh_server(
    key: Path, clock: Callable[[], float], peer: Callable[[socket.socket], None], why: Why
) -> None:
    ours, theirs = pair()
    peer(theirs)
    with pytest.raises(Unreachable) as trouble:
        connect(ours, key, timeout_s=TIMEOUT_S)
    assert trouble.value.why is why
    assert clock() < 5


def test_a_peer_that_falls_silent_after_its_banner(key: Path, clock: Callable[[], float]) -> None:
    ours, theirs = pair()
    theirs.sendall(b"SSH-2.0-Dead\r\n")
    with pytest.raises(Unreachable) as trouble:
        connect(ours, key, timeout_s=TIMEOUT_S)
    assert trouble.value.why is Why.SILENT
    assert clock() < 5


def test_another_key_is_refused(key: Path, tmp_path: Path) -> None:
    ours, theirs = pair()
    serve(theirs, key, say())
    with pytest.raises(Unreachable) as trouble:
        connect(ours, make_key(tmp_path / "other_key"), timeout_s=5)
    assert trouble.value.why is Why.KEY_REFUSED


def test_a_tunnel_that_is_refused(key: Path) -> None:
    with pytest.raises(Unreachable) as trouble:
        session(key, say()).tunnel("10.0.0.9", 22, timeout_s=5)
    assert trouble.value.why is Why.REFUSED


def test_a_peer_that_dies_in_the_middle(key: Path) -> None:
    def die(command: str, channel: Any) -> None:
        channel.sendall(b"half")
        channel.get_transport().sock.close()

    with pytest.raises(Unreachable):
        session(key, die).run("any", timeout_s=3)


def test_whether_it_answers(key: Path) -> None:
    ours, theirs = pair()
    serve(theirs, key, say())
    standing = connect(ours, key, timeout_s=5)
    assert standing.answers(5 * slowness())
    theirs.shutdown(socket.SHUT_RDWR)
    assert not standing.answers(5)


def test_who_has_fallen_silent_does_not_answer(key: Path, clock: Callable[[], float]) -> None:
    ours, here = pair()
    there, theirs = pair()
    serve(theirs, key, say())
    stopped = threading.Event()
    for source, sink in ((here, there), (there, here)):
        threading.Thread(target=_passed_on, args=(source, sink, stopped), daemon=True).start()
    standing = connect(ours, key, timeout_s=5 * slowness())
    stopped.set()
    assert not standing.answers(0.5)
    assert clock() < 60 * slowness()


def _passed_on(source: socket.socket, sink: socket.socket, stopped: threading.Event) -> None:
    while data := source.recv(65536):
        if not stopped.is_set():
            sink.sendall(data)


def test_ssh_goes_through_a_tunnel(key: Path) -> None:
    def inner(address: str, port: int) -> socket.socket:
        here, there = pair()
        serve(there, key, say(f"{address}:{port}".encode()))
        return here

    outer = session(key, say(), tunnels=inner)
    channel = outer.tunnel("192.168.122.11", 22, timeout_s=5)
    guest = connect(channel, key, timeout_s=5)
    assert guest.run("any", timeout_s=5).out == b"192.168.122.11:22"


def test_nothing_is_printed_when_it_goes_wrong(key: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ours, theirs = pair()
    theirs.sendall(b"nonsense\r\n" * 200)
    theirs.close()
    with pytest.raises(Unreachable):
        connect(ours, key, timeout_s=TIMEOUT_S)
    assert capfd.readouterr() == ("", "")
