"""What podman prints, and a command that it runs on a lab host, read until that has ended.

A wait ends with silence (kvmlab.liveness), what is read has an end: whoever is root on a lab host decides its length.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from select import PIPE_BUF

from kvmlab.errors import CannotRun
from kvmlab.labhost.orphans import conmons
from kvmlab.liveness import LOOK_S, Silence, work_of
from kvmlab.words import t

MOST = 64 << 20  # bytes
TIMES = 10
"""What is at work may take so many times as long as what does nothing."""
Take = Callable[[object, bytes], None]


def start(
    argv: Sequence[str], *, stdin: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Begin `argv`, which is podman, for one of the two below.

    Go collects no garbage for its fifth of a second, which saves a fifth of its processor time, unless it needs more
    memory than that can be worth (https://go.dev/doc/gc-guide).
    """
    environment = {"GOGC": "off", "GOMEMLIMIT": "128MiB", **os.environ}
    return subprocess.Popen(argv, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr)


def printed(
    process: subprocess.Popen[bytes], *, stdin: str = "", silent_s: float = inf, most_s: float = inf, most: int = MOST
) -> tuple[str, str]:
    """What it printed on standard output and on standard error, when it has ended. CannotRun where that is more than
    `most` bytes.

    Raises subprocess.TimeoutExpired, with what was printed, where nothing was done for `silent_s` seconds, or after
    `most_s`. It is killed in all these cases, and where we are interrupted.
    """
    kept: dict[object, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}

    def take(stream: object, chunk: bytes) -> None:
        kept[stream] += chunk
        if sum(map(len, kept.values())) > most:
            message = t("The lab host printed more than {mib} MiB; the rest was not read.", mib=most >> 20)
            raise CannotRun(message, "kvmlab status")

    silence = Silence(silent_s, partial(work, process), most_s)
    try:
        _read(process, take, silence, stdin.encode())
    except subprocess.TimeoutExpired as late:
        raise subprocess.TimeoutExpired(late.cmd, late.timeout, *map(_text, kept.values())) from None
    return _text(kept[process.stdout]), _text(kept[process.stderr])


def end_of_output(argv: Sequence[str], *, stdin: str, silent_s: float, most: int = 4000) -> tuple[int, str]:
    """Run `argv` to its end: its exit status, and the last `most` bytes of what it printed; 124 where nothing was done
    for `silent_s` seconds, or where it was busy for TIMES as long."""
    kept = bytearray()

    def take(_: object, chunk: bytes) -> None:
        kept.extend(chunk)
        del kept[:-most]

    process = start(argv, stderr=subprocess.STDOUT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        _read(process, take, Silence(silent_s, partial(work, process), silent_s * TIMES), stdin.encode())
        return process.returncode, _text(kept)
    return 124, _text(kept)


def work(process: subprocess.Popen[bytes]) -> object:
    """What changes while this podman is at work, or what it runs in a container: that is below a conmon(8), which
    podman lets go. Others' conmons are told by the container's name, which podman has been given."""
    assert isinstance(process.args, list)
    names = {str(word).removeprefix("--name=") for word in process.args}
    return work_of(process.pid, (conmon for conmon, name in conmons() if name in names))


def _read(process: subprocess.Popen[bytes], take: Take, silence: Silence, given: bytes) -> None:
    """Give it `given` and `take` what it prints, until it has ended. subprocess.TimeoutExpired where `silence` is over;
    it is killed then, as whenever we do not wait for its end."""
    look_s, left = min(LOOK_S, silence.after_s / 2), bytearray(given)
    with process, selectors.DefaultSelector() as selector:
        try:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ if stream.readable() else selectors.EVENT_WRITE)
            while selector.get_map() or process.poll() is None:
                if silence.over:
                    raise subprocess.TimeoutExpired(process.args, silence.after_s)
                if not selector.get_map():
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(look_s)
                for key, _ in selector.select(look_s) if selector.get_map() else ():
                    more = _take(key, take) if key.events == selectors.EVENT_READ else _give(key, left)
                    if not more:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
        except BaseException:
            process.kill()
            raise


def _take(key: selectors.SelectorKey, take: Take) -> bool:
    """Whether it may print more."""
    chunk = os.read(key.fd, 1 << 16)
    take(key.fileobj, chunk)
    return bool(chunk)


def _give(key: selectors.SelectorKey, left: bytearray) -> bool:
    """Whether it is to be given more."""
    with contextlib.suppress(BrokenPipeError):
        del left[: os.write(key.fd, left[:PIPE_BUF])]
        return bool(left)
    return False


def _text(data: bytearray) -> str:
    return data.decode(errors="replace")
