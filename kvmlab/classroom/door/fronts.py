"""The processes that face the network, as the desk keeps them: one at each listener, answered what it may ask."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab import words
from kvmlab.classroom.door import wire
from kvmlab.errors import KvmlabError
from kvmlab.killpoints import killpoint
from kvmlab.words import t

_FRONTS, _FRONTS_S, _PAUSE_S = 5, 60.0, 5.0
"""A front that ends is followed by another; after so many of them in so many seconds, with a pause before it."""

Verb = Callable[[Mapping[str, Any]], Coroutine[Any, Any, tuple[dict[str, Any], int | None]]]


class Side(NamedTuple):
    """A process that faces the network: the module it is and where it listens, what it is told first, what it may ask
    for, what is to be done now and then, and when it has ended. `opened`: what the instructor is told once it lets
    people in."""

    module: str
    listener: socket.socket
    first: Mapping[str, object]
    verbs: Mapping[str, Verb]
    look: Callable[[], None]
    ended: Callable[[], Coroutine[Any, Any, None]]
    opened: str


class Fronts:
    """`tell`: is told what becomes of them; `children`: gets the numbers of those that run; `empty`: a directory with
    nothing in it, for them to see."""

    def __init__(self, tell: Callable[[str], None], children: set[int], empty: Callable[[], Path]) -> None:
        self._tell, self._children, self._empty = tell, children, empty

    async def keep(self, side: Side) -> None:
        """Have a front there until we are cancelled, another one where it has ended."""
        began: deque[float] = deque(maxlen=_FRONTS)
        while True:
            if len(began) == _FRONTS and time.monotonic() - began[0] < _FRONTS_S:
                self._tell(t("The process that faces the network ends again and again."))
                await asyncio.sleep(_PAUSE_S)
            began.append(time.monotonic())
            await self._with_front(side)
            self._tell(t("The process that faces the network has ended; another takes its place."))

    async def _with_front(self, side: Side) -> None:
        ours, theirs = wire.pair()
        with ours:
            with theirs:
                numbers = (side.listener.fileno(), theirs.fileno())
                front = subprocess.Popen(
                    [sys.executable, "-P", "-m", side.module, *map(str, numbers)],
                    env={"HOME": "/", **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}},
                    cwd="/",
                    pass_fds=numbers,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # the instructor's terminal is not for it to read and write
                    stderr=None if os.environ.get("KVMLAB_DEBUG") else subprocess.DEVNULL,
                    start_new_session=True,
                )
            try:
                self._children.add(front.pid)
                killpoint("door.front")
                with contextlib.suppress(ConnectionError):  # it has ended before it could be told anything
                    await self.serve(ours, side)
            finally:
                front.kill()
                front.wait()
                self._children.discard(front.pid)
                await side.ended()

    async def serve(self, front: socket.socket, side: Side) -> None:
        """Answer until the front is gone."""
        front.setblocking(False)
        wire.say(front, {**side.first, "lang": words.language(), "empty": str(self._empty())})
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def heard() -> None:
            with contextlib.suppress(BlockingIOError, ValueError):
                try:
                    message = wire.hear(front)
                except ConnectionError:
                    message = None
                if message is None:
                    gone.set()
                    return
                if message.terminal is not None:
                    os.close(message.terminal)
                task = asyncio.create_task(self._answer(front, side, message.said))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        loop.add_reader(front.fileno(), heard)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(front.fileno())
            for task in tasks:
                task.cancel()

    async def _answer(self, front: socket.socket, side: Side, asked: Mapping[str, Any]) -> None:
        """One question; nothing that is wrong with it, or here, ends more than itself."""
        verbs: dict[str, Verb] = {**side.verbs, "ready": partial(self._ready, side)}
        number, verb = asked.get("number"), verbs.get(str(asked.get("verb")))
        if not isinstance(number, int):
            return
        said: dict[str, Any] = {}
        terminal: int | None = None
        try:
            if verb is not None:
                said, terminal = await verb(asked)
        except KvmlabError as error:
            said = {"refused": error.message}
        except (OSError, KeyError, TypeError, ValueError, OverflowError):
            said = {"refused": t("That cannot be done now.")}
        finally:
            with contextlib.suppress(OSError, ValueError):
                wire.say(front, {**said, "number": number}, terminal)
            if terminal is not None:
                os.close(terminal)

    async def _ready(self, side: Side, asked: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
        """It listens from now on, and has told what it could not give up."""
        self._tell(side.opened)
        named = {"namespaces": t("other networks and processes"), "files": t("files")}
        if left := [name for one, name in named.items() if one in asked["left"]]:
            said = t("The process that faces the network could not be shut off from: {what}.", what=", ".join(left))
            self._tell(said)
        return {}, None
