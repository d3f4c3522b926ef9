"""A file of a course: its text, and errors that name the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from kvmlab.errors import AuthorError
from kvmlab.safe_text import shown
from kvmlab.words import t

BIGGEST = 1_000_000  # bytes; a lab's text has some thousands


class Source(NamedTuple):
    """One file. `name` is how messages call it: its path inside the course."""

    name: str
    text: str

    def error(self, line: int, message: str, todo: str = "") -> AuthorError:
        """`file:line: message`, to be raised."""
        return AuthorError(f"{self.name}:{line}: {message}", todo)

    def at(self, line: int) -> Place:
        """A place in this file; lines count from 1."""
        return Place(self, line)


class Place(NamedTuple):
    """A line of a source."""

    source: Source
    line: int

    def error(self, message: str, *, below: int = 0) -> AuthorError:
        """`file:line: message`, `below` lines further down."""
        return self.source.error(self.line + below, message)


class Piece(NamedTuple):
    """A stretch of a source's text and the line it starts on."""

    text: str
    place: Place


def read_source(path: Path, root: Path) -> Source:
    """The text of `path`, called by its path inside `root`. Unreadable or not UTF-8: AuthorError."""
    name = shown(path.relative_to(root), 200)
    empty = Source(name, "")
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = t("cannot be read: {reason}.", reason=error.strerror or str(error))
        raise empty.error(1, message, f"ls -l {name}") from None
    if len(raw) > BIGGEST:
        raise empty.error(1, t("is larger than {most} bytes.", most=BIGGEST))
    try:
        return Source(name, raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise empty.error(line, t("is not UTF-8 text."), f"file {name}") from None


def inside(folder: Path, name: str, place: Place) -> Path:
    """The file `name` of `folder`; refuses every name that leads out of it, by `..` or by a link."""
    path = folder / name
    try:
        good = bool(name) and path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):
        good = False
    if not good or name.startswith("/") or ".." in Path(name).parts:
        raise place.error(t("`{name}` is not a file beside it.", name=shown(name)))
    if not path.is_file():
        raise place.error(t("there is no file `{name}` beside it.", name=shown(name)))
    return path
