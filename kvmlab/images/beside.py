"""Work that goes on beside other work, in a thread: a guest's packages are fetched while the host image is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock

from kvmlab.images.recipe import BuildProgress


class Abandoned(Exception):
    """Nobody waits for this work any more."""


class KeptBack:
    """Progress of work that nobody waits for yet: it is told from `show` on, the step it is at first."""

    def __init__(self, progress: BuildProgress) -> None:
        self._progress = progress
        self._lock = Lock()
        self._last: tuple[str, float | None] | None = None
        self._shown = self._abandoned = False

    def step(self, text: str, fraction: float | None = None) -> None:
        """`text` is being done now. Raises Abandoned where that is for nothing."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._last = (text, fraction)
            if self._shown:
                self._progress.step(text, fraction)

    def show(self) -> None:
        """It is waited for now."""
        with self._lock:
            self._shown = True
            if self._last is not None:
                self._progress.step(*self._last)

    def abandon(self) -> None:
        """It is to end at its next step."""
        with self._lock:
            self._abandoned = True


@contextmanager
def beside(progress: BuildProgress, work: Callable[[BuildProgress], object]) -> Iterator[Callable[[], None]]:
    """Begin `work`; what is yielded waits for its end, tells its progress meanwhile, and raises what it has raised.

    A block that ends without having waited ends the work, too, and never before it has ended.
    """
    kept_back = KeptBack(progress)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as pool:
        begun = pool.submit(copy_context().run, work, kept_back)

        def wait() -> None:
            if not begun.done():
                kept_back.show()
            begun.result()

        try:
            yield wait
        finally:
            kept_back.abandon()
