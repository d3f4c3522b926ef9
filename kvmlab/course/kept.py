"""Records kept in the state directory: small JSON files, replaced as a whole, and never thrown away when broken."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kvmlab.errors import CannotRun
from kvmlab.paths import write_atomic
from kvmlab.words import t

BIGGEST = 5_000_000  # bytes; an exam of the whole course has some hundred thousands
Record = TypeVar("Record")


def read(path: Path, parse: Callable[[object], Record], empty: Record) -> Record:
    """The record in `path`; `empty` where there is none.

    One that is no JSON, or that `parse` refuses (ValueError), is set aside as NAME.broken-<n>, with a word on standard
    error. Raises CannotRun where it cannot be read at all.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return empty
    except OSError as error:
        message = t("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        raise CannotRun(message, f"ls -l {path}") from None
    try:
        return parse(json.loads(raw[:BIGGEST]))
    except (ValueError, RecursionError):
        _set_aside(path, raw)
        return empty


def write(path: Path, data: dict[str, Any]) -> None:
    """Write the whole record or nothing."""
    write_atomic(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _set_aside(path: Path, raw: bytes) -> None:
    """Rename a broken file, unless another process has replaced it meanwhile."""
    try:
        if path.read_bytes() != raw:
            return
        number = 1
        while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
            number += 1
        path.rename(aside)
    except OSError:
        return
    message = t("{path} is damaged; it was set aside as {aside}.", path=path, aside=aside.name)
    print(f"kvmlab: {message}", file=sys.stderr)
