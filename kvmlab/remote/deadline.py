"""Work in a thread of its own, and a deadline on waiting for it.

Neither libvirt nor an SSH peer can be trusted to answer: a call that hangs is left behind in its (daemon) thread,
and whoever waited goes on. Rejected: the pool of concurrent.futures, which is joined at exit and so waits for ever too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class TooLate(Exception):
    """The deadline passed first. Not TimeoutError, which the work itself may raise: sockets do."""


class Later(Future[T]):
    """A value on its way; `get` waits for that."""

    def get(self, timeout_s: float) -> T:
        """The value; raises what it failed with, or TooLate after `timeout_s` seconds."""
        try:
            error = self.exception(timeout_s)
        except TimeoutError:
            raise TooLate from None
        if error is not None:
            raise error.with_traceback(None)
        return self.result()


def later(work: Callable[[], T], name: str = "look") -> Later[T]:
    """Start `work` now in a daemon thread; what it returns or raises is what the Later gives."""
    promise: Later[T] = Later()

    def run() -> None:
        try:
            promise.set_result(work())
        except BaseException as error:
            promise.set_exception(error)

    threading.Thread(target=run, name=f"kvmlab-{name}", daemon=True).start()
    return promise


def at_hand(value: T) -> Later[T]:
    """A value that is there already."""
    promise: Later[T] = Later()
    promise.set_result(value)
    return promise
