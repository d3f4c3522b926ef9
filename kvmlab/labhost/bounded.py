"""Commands whose output comes from a lab host: taken up to an end, because whoever is root there decides its length."""

from __future__ import annotations

import selectors
import subprocess
import threading
from collections.abc import Sequence
from functools import partial
from typing import IO

from kvmlab.errors import CannotRun
from kvmlab.labhost.podman import work
from kvmlab.liveness import LOOK_S, Silence
from kvmlab.words import t

MOST = 16 << 20  # bytes
TIMES = 10
"""What is at work may take so many times as long as what does nothing."""


def run_bounded(
    argv: Sequence[str], *, stdin: str = "", timeout_s: float | None = None, most: int = MOST
) -> subprocess.CompletedProcess[str]:
    """Run `argv` to its end. CannotRun where its output is longer than `most` bytes.

    Raises subprocess.TimeoutExpired when nothing was done for `timeout_s`, or after TIMES as long, as it may be busy
    for ever; the process is killed in both cases.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            _feed(process, stdin)
            out, err = _drained(process, timeout_s, most)
            return subprocess.CompletedProcess(argv, process.wait(), _text(out), _text(err))
        except BaseException:
            process.kill()
            raise


def end_of_output(
    argv: Sequence[str], *, stdin: str = "", timeout_s: float | None = None, most: int = 4000
) -> tuple[int, str]:
    """Run `argv` to its end: its exit status, and the last `most` bytes of what it printed; 124 where nothing was done
    for `timeout_s`, or where it was busy for TIMES as long."""
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as process:
        kept = bytearray()
        try:
            _feed(process, stdin)
            for _, chunk in _chunks(process, timeout_s):
                kept = (kept + chunk)[-most:]
            return process.wait(), _text(kept)
        except subprocess.TimeoutExpired:
            process.kill()
            return 124, _text(kept)
        except BaseException:
            process.kill()
            raise


def _drained(process: subprocess.Popen[bytes], timeout_s: float | None, most: int) -> tuple[bytearray, bytearray]:
    kept: dict[IO[bytes] | None, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    for stream, chunk in _chunks(process, timeout_s):
        kept[stream] += chunk
        if sum(map(len, kept.values())) > most:
            message = t("The lab host printed more than {mib} MiB; the rest was not read.", mib=most >> 20)
            raise CannotRun(message, "kvmlab status")
    return kept[process.stdout], kept[process.stderr]


def _chunks(process: subprocess.Popen[bytes], timeout_s: float | None):  # type: ignore[no-untyped-def]
    """(stream, bytes) as they come, until all streams have ended."""
    silence = None
    if timeout_s is not None:
        silence = Silence(timeout_s, partial(work, process), timeout_s * TIMES)
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            if silence is not None and silence.over:
                raise subprocess.TimeoutExpired(process.args, timeout_s or 0)
            for key, _ in selector.select(None if silence is None else min(LOOK_S, silence.after_s / 2)):
                chunk = key.fileobj.read1(65536)  # type: ignore[union-attr]
                if chunk:
                    yield key.fileobj, chunk
                else:
                    selector.unregister(key.fileobj)


def _feed(process: subprocess.Popen[bytes], text: str) -> None:
    """In a thread: the other side may read slowly, or never."""

    def write() -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(text.encode())
            process.stdin.close()
        except OSError:
            pass

    threading.Thread(target=write, daemon=True).start()


def _text(data: bytes | bytearray) -> str:
    return bytes(data).decode(errors="replace")
