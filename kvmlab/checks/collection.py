"""What a checker file declares while it is executed: a decorator adds to the innermost collection, if there is one."""

from __future__ import annotations

from _thread import _local  # threading itself costs every check a millisecond
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Collection(Generic[Item]):
    """Lists within lists: a file that loads another one keeps its own. Each thread has its own: `prove` loads the same
    file in several at once."""

    def __init__(self) -> None:
        self._local = _local()

    @property
    def _open(self) -> list[list[Item]]:
        found: list[list[Item]] = self._local.__dict__.setdefault("open", [])
        return found

    @contextmanager
    def collected(self) -> Iterator[list[Item]]:
        """What is added inside, in order."""
        self._open.append([])
        try:
            yield self._open[-1]
        finally:
            self._open.pop()

    def add(self, item: Item) -> None:
        """Add to what is being collected; outside of that nothing happens."""
        if self._open:
            self._open[-1].append(item)
