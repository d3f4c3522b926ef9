"""Work in a thread of its own, and a deadline on waiting for it.

Neither libvirt nor an SSH peer can be trusted to answer: a call that hangs is left behind in its (daemon) thread,
and whoever waited goes on. Rejected: concurrent.futures, whose pool is joined at exit and so waits for ever too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TooLate(Exception):
    """The deadline passed first."""


class Later(Generic[T]):
    """A value on its way: someone will `put` it or `fail`, once; `get` waits for that."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None

    def put(self, value: T) -> None:
        """It has come."""
        self._value = value
        self._done.set()

    def fail(self, error: BaseException) -> None:
        """It will not come, and why."""
        self._error = error
        self._done.set()

    @property
    def done(self) -> bool:
        """It has come or failed."""
        return self._done.is_set()

    def get(self, timeout_s: float) -> T:
        """The value; raises what it failed with, or TooLate after `timeout_s` seconds."""
        if not self._done.wait(timeout_s):
            raise TooLate
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._value  # type: ignore[return-value]


def later(work: Callable[[], T], name: str = "look") -> Later[T]:
    """Start `work` now in a daemon thread; what it returns or raises is what the Later gives."""
    promise: Later[T] = Later()

    def run() -> None:
        try:
            promise.put(work())
        except BaseException as error:
            promise.fail(error)

    threading.Thread(target=run, name=f"kvmlab-{name}", daemon=True).start()
    return promise
