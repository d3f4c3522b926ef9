"""Answering `kvmlab check|hint|show|status` typed inside a lab host, for as long as its shell is open.

Whatever comes over the socket comes from a student's root shell, so it is hostile: a line of bounded
length, a verb of four, plain options of those verbs only, always about this one lab.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from kvmlab.cli.lab import RunningLab
from kvmlab.cli.warm import Warm
from kvmlab.remote.host_root import ASK
from kvmlab.words import t

VERBS = ("check", "hint", "show", "status")
OPTIONS = ("--json", "--all", "--rehearse", "--text")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_REQUEST_BYTES = 4096
_AT_ONCE = threading.BoundedSemaphore(4)
_CONNECTED = threading.BoundedSemaphore(32)


@contextlib.contextmanager
def answering(running: RunningLab) -> Iterator[None]:
    """Answer at ask.sock until the block ends."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running.root.listener(ASK))
        except OSError as error:
            said = t("In this shell `kvmlab check` and the like do not answer: {error}.", error=error.strerror or error)
            print(f"kvmlab: {said}", file=sys.stderr)
        else:
            lab = (str(running.ctx.course_dir), running.lab_id)
            ready = stack.enter_context(contextlib.closing(Warm(lab)))
            threading.Thread(target=_serve, args=(server, running, ready), daemon=True).start()
        yield


def _serve(server: socket.socket, running: RunningLab, ready: Warm) -> None:
    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        if _CONNECTED.acquire(blocking=False):
            threading.Thread(target=_answer, args=(peer, running, ready), daemon=True).start()
        else:
            peer.close()  # it is being flooded


def _answer(peer: socket.socket, running: RunningLab, ready: Warm) -> None:
    with _released(_CONNECTED), peer, contextlib.suppress(OSError):
        peer.settimeout(5)
        request = _request(peer)
        argv = command_line(request, running.lab_id)
        if argv is None:
            _say(peer, {"err": f"kvmlab: only {', '.join(VERBS)} are answered here.\n"})
            _say(peer, {"exit": 2})
            return
        with _AT_ONCE:
            peer.settimeout(300)
            _run(peer, ["--course", str(running.ctx.course_dir), *argv], request, ready)


@contextlib.contextmanager
def _released(semaphore: threading.BoundedSemaphore) -> Iterator[None]:
    try:
        yield
    finally:
        semaphore.release()


def _request(peer: socket.socket) -> dict[str, Any]:
    data = b""
    while b"\n" not in data and len(data) < _REQUEST_BYTES:
        more = peer.recv(_REQUEST_BYTES)
        if not more:
            break
        data += more
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(data.partition(b"\n")[0])
        if isinstance(found, dict):
            return found
    return {}


def command_line(request: dict[str, Any], lab_id: str) -> list[str] | None:
    """The argv for the kvmlab outside, or None where the request is not one that is answered."""
    words = request.get("argv")
    if not isinstance(words, list) or not words or words[0] not in VERBS:
        return None
    rest = [word for word in words[1:] if word != lab_id]
    if not all(isinstance(word, str) and _plain(word) for word in rest):
        return None
    lang = ["--lang", request["lang"]] if request.get("lang") in ("en", "zh") else []
    color = ["--color", "always" if request.get("color") is True else "never"]
    about = [] if words[0] == "status" else [lab_id]
    return [*lang, *color, words[0], *about, *rest]


def _plain(word: str) -> bool:
    return word in OPTIONS or (0 < len(word) <= 64 and not word.startswith("-") and set(word) <= _WORD)


def _run(peer: socket.socket, argv: list[str], request: dict[str, Any], ready: Warm) -> None:
    """A process of its own, so that a student's Ctrl-C or a bug there cannot harm the shell's process."""
    columns = request.get("columns")
    width = columns if isinstance(columns, int) and 40 <= columns <= 400 else 80
    with contextlib.closing(ready.run(argv, width)) as answer:
        for line in answer.output:
            _say(peer, {"out": line.decode(errors="replace")})
        _say(peer, {"exit": answer.status()})


def _say(peer: socket.socket, answer: dict[str, Any]) -> None:
    peer.sendall(json.dumps(answer).encode() + b"\n")
