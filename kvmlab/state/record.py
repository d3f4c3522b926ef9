"""Records: small JSON files that must not be lost: replaced as a whole, and on the disk before anything goes on.

A record may say which `format` it has; without a word it is the first, the only one there is so far. One of a later
format is a later kvmlab's: it is neither guessed at nor set aside.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kvmlab.errors import CannotRun
from kvmlab.json_text import json_text
from kvmlab.paths import write_atomic
from kvmlab.words import t

BIGGEST = 50_000_000  # bytes; what a lab host had at its start may be some millions
FORMAT = 1
Record = TypeVar("Record")


class DamagedError(ValueError):
    """The file is no record."""


class NewerError(DamagedError):
    """The file is a record of a later kvmlab."""


def write(path: Path, document: object, mode: int = 0o600) -> None:
    """Write the whole record or nothing; CannotRun where it cannot be written."""
    write_atomic(path, json_text(document, indent=None), mode)


def load(path: Path) -> Any:
    """The document in `path`; None where there is no such file. Raises DamagedError, or OSError where it is not ours to
    read; what shape it has is for the caller to see."""
    try:
        with path.open("rb") as stream:
            return _document(stream.read(BIGGEST))
    except FileNotFoundError:
        return None


def read(path: Path, parse: Callable[[object], Record], empty: Record) -> Record:
    """The record in `path`, as `parse` reads it; `empty` where there is none.

    One that is damaged, or that `parse` refuses (ValueError), is set aside as NAME.broken-<n>, with a word on standard
    error. Raises CannotRun where it cannot be read at all, or a later kvmlab has written it.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return empty
    except OSError as error:
        message = t("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        raise CannotRun(message, f"ls -l {path}") from None
    try:
        return parse(_document(raw[:BIGGEST]))
    except NewerError:
        message = t("{path} was written by a newer version of kvmlab than this one.", path=path)
        raise CannotRun(message, "kvmlab --version") from None
    except (ValueError, RecursionError):
        _set_aside(path, raw)
        return empty


def _document(raw: bytes) -> Any:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DamagedError(str(error)) from None
    if found is None:
        raise DamagedError("null")
    known = found.get("format", FORMAT) if isinstance(found, dict) else FORMAT
    if isinstance(known, int) and known > FORMAT:
        raise NewerError(str(known))
    return found


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
