"""Compiled sources cached as JSON in the state directory, each with the list of files it was made from.

Every start of `kvmlab list` asks whether the sources are still the same, so that is done with one stat(2) per file
and per directory (whose time changes when a file comes or goes) and nothing else.
Rejected: digests of the contents (reading them takes longer than compiling one lab), hashlib (3 ms to import).
"""

from __future__ import annotations

import contextlib
import os
import sys
from binascii import crc32
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kvmlab import __version__
from kvmlab.errors import CannotRun
from kvmlab.paths import State
from kvmlab.state import cache

Watched = dict[str, list[int] | None]  # path → size and time in nanoseconds; None: it is not there


def load(state: State | None, name: str, extra: str = "") -> Any:
    """What `save` put there under the same name and `extra`, if its sources are unchanged; else None."""
    if state is None:
        return None
    made_by = [__version__, extra]
    path = Path(f"{state.shared.root}/cache/{name}.json")
    return cache.load(path, lambda stamp: stamp["made_by"] == made_by and _unchanged(stamp["sources"]))


def save(state: State | None, name: str, sources: Watched, value: object, extra: str = "") -> None:
    """Keep `value` (plain data) for the next process. `sources` were looked at before it was made."""
    if state is not None:
        with contextlib.suppress(CannotRun):
            stamp = {"made_by": [__version__, extra], "sources": sources}
            cache.save(state.cache / f"{name}.json", stamp, value)


def look_at(files: Iterable[str], trees: Iterable[str], folders: Iterable[str] = ()) -> Watched:
    """The state of `files`, of all in `trees`, and of the directories below `folders`; of this package, too.

    In a checkout the engine changes without its version changing, so its own files are among the sources. So are the
    directories of Python's libraries: their time moves when one of them comes, goes or becomes another version.
    """
    seen: Watched = {path: _stamp(path) for path in (*files, *_libraries())}
    for path in (*trees, os.path.dirname(__file__)):  # noqa: PTH120
        _walk(path, seen, files=True)
    for path in folders:
        _walk(path, seen, files=False)
    return seen


def _libraries() -> list[str]:
    return [path for path in sys.path if path.endswith("-packages")]


def short(text: str) -> str:
    """Eight hex digits that stand for `text` in a file name; should two texts share them, the sources differ."""
    return f"{crc32(text.encode('utf-8', 'surrogateescape')):08x}"


def _unchanged(sources: Watched) -> bool:
    return bool(sources) and all(_stamp(path) == was for path, was in sources.items())


def _walk(path: str, seen: Watched, *, files: bool) -> None:
    seen[path] = _stamp(path)
    try:
        with os.scandir(path) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                _walk(entry.path, seen, files=files)
        elif files:
            seen[entry.path] = _stamp(entry.path)


def _stamp(path: str) -> list[int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]
