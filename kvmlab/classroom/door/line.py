"""What a process that faces the network has instead of rights: a line to the desk."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.thread import ThreadPoolExecutor
from typing import Any

from kvmlab.classroom.door import wire


class DeskLine:
    """Questions to the desk; the process ends with it."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._numbers = end, itertools.count()
        self._waiting: dict[int, asyncio.Future[wire.Message]] = {}
        end.setblocking(False)
        asyncio.get_running_loop().add_reader(end.fileno(), self._hear)

    async def ask(self, verb: str, **values: object) -> wire.Message:
        """The answer; {} where the question cannot be put."""
        number = next(self._numbers)
        future: asyncio.Future[wire.Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            wire.say(self._end, {"number": number, "verb": verb, **values})
            return await future
        except (BlockingIOError, ValueError):
            return wire.Message({})
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and (terminal := future.result().terminal) is not None:
                os.close(terminal)
            raise
        finally:
            del self._waiting[number]

    def _hear(self) -> None:
        try:
            message = wire.hear(self._end)
        except (OSError, ValueError):
            message = None
        if message is None:
            os._exit(0)
        future = self._waiting.get(message.said.get("number", -1))
        if future and not future.done():
            future.set_result(message)
        elif message.terminal is not None:
            os.close(message.terminal)


class Here(ThreadPoolExecutor):
    """In place of threads, which this process can no longer have: what asks for one gets it done at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Done at once."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
