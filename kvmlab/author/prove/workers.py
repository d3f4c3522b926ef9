"""Threads that carry out cases side by side; at the end of a run nobody has to wait for them.

A case spends its time waiting for podman, guests and sockets, so threads will do. They are daemons, because one of them
may sit in a wait of minutes for a lab host that has just been removed. Rejected: concurrent.futures' pool,
whose threads the interpreter joins before it exits.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

GRACE_S = 5.0
"""How long an interrupted run goes on removing what its threads may still be starting."""


class Workers:
    """`jobs` threads; `submit` gives a future each."""

    def __init__(self, jobs: int) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._futures: list[Future[Any]] = []
        for number in range(jobs):
            threading.Thread(target=self._work, name=f"prove-{number}", daemon=True).start()

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Do `work` as soon as a thread is free."""
        future: Future[Any] = Future()
        self._futures.append(future)
        self._queue.put((future, work))
        return future

    def cancel(self) -> None:
        """Begin nothing more."""
        for future in self._futures:
            future.cancel()

    @property
    def busy(self) -> bool:
        """Whether anything is being done."""
        return any(future.running() for future in self._futures)

    def _work(self) -> None:
        while True:
            future, work = self._queue.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)


@contextlib.contextmanager
def workers(jobs: int, stop: threading.Event, sweep: Callable[[], None]) -> Iterator[Workers]:
    """Workers for the block. However it ends, nothing is begun afterwards and `sweep` has removed what was."""
    pool = Workers(jobs)
    try:
        yield pool
    finally:
        stop.set()
        pool.cancel()
        until = time.monotonic() + GRACE_S
        while pool.busy and time.monotonic() < until:
            sweep()
            time.sleep(0.2)
