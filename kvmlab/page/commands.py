"""`kvmlab VERB` in a process of its own: for its JSON, its lines as they come, or (terminals) its own tty."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from typing import Any, Protocol

from kvmlab.errors import CannotRun, KvmlabError
from kvmlab.page.pty import OwnPty, Pty
from kvmlab.words import t

DOCUMENT_BYTES = 8 << 20
LINE_BYTES = 1 << 20
WITHIN_S = 120.0
AT_ONCE = 4


class Told(KvmlabError):
    """What a `kvmlab` of ours has said on standard error: its message and the command to go on with."""


class StandardInput(Protocol):
    """What a process reads."""

    def write(self, data: bytes, /) -> None:
        """Give it that."""

    async def drain(self) -> None:
        """Wait until it has taken most of it."""


class Running(Protocol):
    """A `kvmlab` that runs. `stdin`: None where it reads nothing."""

    @property
    def stdin(self) -> StandardInput | None: ...
    @property
    def stdout(self) -> asyncio.StreamReader | None: ...
    @property
    def stderr(self) -> asyncio.StreamReader | None: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int:
        """Its exit status, once it has ended."""


class Commands:
    """How kvmlab is called: with the global options that `serve` was given."""

    def __init__(self, options: tuple[str, ...] = ()) -> None:
        self.options = options
        self._few = asyncio.Semaphore(AT_ONCE)  # more at once would only slow each other down

    def argv(self, lang: str, *words: str) -> list[str]:
        """`kvmlab --lang LANG WORD…`, of this very kvmlab."""
        return [sys.executable, "-P", "-m", "kvmlab", *self.options, "--lang", lang, *words]

    @contextlib.asynccontextmanager
    async def running(self, lang: str, *words: str, reads: bool = False) -> AsyncIterator[Running]:
        """It runs while the block lasts, and what it has begun is gone afterwards. `reads`: it is written to."""
        process = await asyncio.create_subprocess_exec(
            *self.argv(lang, *words), stdin=PIPE if reads else DEVNULL, stdout=PIPE, stderr=PIPE, limit=LINE_BYTES,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            await end(process)

    async def terminal(self, lang: str, *words: str) -> Pty:
        """It runs on a pty of its own."""
        return OwnPty(self.argv(lang, *words))

    async def document(self, lang: str, *words: str, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The JSON document it prints. Told: what it said instead; CannotRun: it did not end, or printed too much."""
        async with self._few, self.running(lang, *words) as process:
            try:
                async with asyncio.timeout(within_s):
                    out, err = await asyncio.gather(_all(process.stdout), _all(process.stderr))
                    await process.wait()
            except TimeoutError:
                said = t("`kvmlab {verb}` did not end within {seconds:.0f} s.", verb=words[0], seconds=within_s)
                raise CannotRun(said, "kvmlab status") from None
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(out), dict):
                return found
        raise told(err.decode(errors="replace"))


def told(text: str) -> Told:
    """An error from what kvmlab has printed: "kvmlab: message", then "→ command"."""
    said, todo = [], ""
    for line in text.splitlines()[-20:]:
        if line.strip().startswith("→ "):
            todo = line.strip().removeprefix("→ ")
        elif line.startswith("kvmlab: "):
            said = [line.removeprefix("kvmlab: ")]
        else:
            said.append(line)
    return Told(" ".join(said)[:1000] or "kvmlab: ?", todo[:300])


async def end(process: Process, patience_s: float = 3.0) -> None:
    """End it: it is asked first (SIGTERM to its group), and killed if that does not help."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), patience_s)


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Its lines as they come; one that is too long is left out."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line.decode(errors="replace").rstrip("\n")


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    found = bytearray()
    while piece := await stream.read(65536):
        found += piece
        if len(found) > DOCUMENT_BYTES:
            raise CannotRun(t("kvmlab has printed more than a page can show."), "kvmlab status")
    return bytes(found)
