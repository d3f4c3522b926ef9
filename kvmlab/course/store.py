"""Compiled sources kept as JSON in the state directory's cache, each with the key it was made from.

A cache is never trusted: a wrong key, a damaged file or an unexpected shape means compiling again, and a
cache that cannot be written (a full disk) costs time, not the command.
"""

from __future__ import annotations

import json
import os
from binascii import crc32
from typing import Any

from kvmlab import __version__
from kvmlab.errors import CannotRun
from kvmlab.paths import State, write_atomic


def load(state: State | None, name: str, key: str) -> Any:
    """What `save` put there under the same name and key, else None."""
    if state is None:
        return None
    try:
        with open(f"{state.cache}/{name}.json", encoding="utf-8") as stream:  # noqa: PTH123
            found = json.load(stream)
    except (OSError, ValueError, RecursionError, CannotRun):
        return None
    return found.get("value") if isinstance(found, dict) and found.get("key") == key else None


def save(state: State | None, name: str, key: str, value: object) -> None:
    """Keep `value` (plain data) for the next process."""
    if state is None:
        return
    text = json.dumps({"key": key, "value": value}, ensure_ascii=False)
    try:
        write_atomic(state.cache / f"{name}.json", text)
    except (CannotRun, OSError):
        return


def key_of(*paths: str) -> str:
    """The names, sizes and times of all files below `paths`, and of this kvmlab's own.

    As they are, not as a digest: importing hashlib would take longer than reading 15 kB more.
    """
    seen = [__version__, *(_stamp(path) for path in _engine())]
    for path in paths:
        _walk(path, seen)
    return "\n".join(seen).encode("utf-8", "backslashreplace").decode()


def short(text: str) -> str:
    """Eight hex digits that stand for `text` in a file name; should two texts share them, the keys differ."""
    return f"{crc32(text.encode('utf-8', 'surrogateescape')):08x}"


def _engine() -> list[str]:
    """This package's own files: in a checkout they change without the version changing."""
    folder = os.path.dirname(__file__)  # noqa: PTH120
    with os.scandir(folder) as found:
        return sorted(entry.path for entry in found if entry.name.endswith(".py"))


def _walk(path: str, seen: list[str]) -> None:
    """Append a line per file. os.scandir, not pathlib: this runs at every start of `kvmlab list`."""
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except NotADirectoryError:
        seen.append(_stamp(path))
        return
    except OSError:
        seen.append(f"{path} -")
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _walk(entry.path, seen)
        elif not entry.name.startswith("."):
            seen.append(_stamp(entry.path))


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return f"{path} -"
    return f"{path} {found.st_size} {found.st_mtime_ns}"
