"""A CSV file as a table: its encoding, its delimiter, and each row with the line it begins in.

UTF-8 or UTF-16 (with a byte order mark or without), `,` `;` or tab, Excel's first line `sep=;`.
Rejected: csv.Sniffer, which guesses from letters and takes the `e` of names for a delimiter; and guessing GBK or
Latin-1, in which any bytes are text: a wrong guess would misspell people.
"""

from __future__ import annotations

import csv
import io
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.errors import UsageError
from kvmlab.words import t

BIGGEST = 20_000_000  # bytes
DELIMITERS = (",", ";", "\t")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060"


class Row(NamedTuple):
    """The cells of a row, trimmed, and the line of the file it begins in."""

    line: int
    cells: tuple[str, ...]


class Unreadable(ValueError):
    """The file is no table. `line`: where that shows."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


class Text(NamedTuple):
    """The text of a file, and how it was written: `(mark + text.encode(codec))` are the bytes again."""

    mark: bytes
    codec: str
    text: str


def bytes_of(path: Path) -> bytes:
    """The content of a file that somebody names. UsageError where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = t("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        raise UsageError(message, shlex.join(["ls", "-l", str(path)])) from None


def text_of(raw: bytes) -> Text:
    """The text of a file; Unreadable with the line where it is none."""
    if len(raw) > BIGGEST:
        raise Unreadable(1, t("the file is larger than {mb} MB", mb=BIGGEST // 1_000_000))
    codec, start = next(((name, len(mark)) for mark, name in _MARKS if raw.startswith(mark)), (_unmarked(raw), 0))
    try:
        text = raw[start:].decode(codec)
    except UnicodeDecodeError as error:
        line = raw[start : start + error.start].count("\n".encode(codec)) + 1
        raise Unreadable(line, t("neither UTF-8 nor UTF-16: save the file as “CSV UTF-8”")) from None
    if (at := text.find("\0")) >= 0:
        raise Unreadable(text.count("\n", 0, at) + 1, t("there is a zero byte; this is no text"))
    return Text(raw[:start], codec, text)


def _unmarked(raw: bytes) -> str:
    """UTF-16 without a mark is told by the zero bytes that its delimiters have."""
    even, odd = raw[0:4000:2].count(0), raw[1:4000:2].count(0)
    if max(even, odd) * 8 < len(raw[:4000]):
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def read_table(raw: bytes, is_header: Callable[[Sequence[str]], bool]) -> tuple[Row, list[Row]]:
    """The header and all rows below it that are not empty; Unreadable where there is no such table.

    The delimiter is the one by which the first row is a header.
    """
    text = text_of(raw).text
    first, _, rest = text.partition("\n")
    if plain := first.strip().lower() in {f"sep={one}" for one in DELIMITERS}:
        text = f"\n{rest}"
    firsts = {one: _first(text, one) for one in DELIMITERS}
    found = next((one for one, row in firsts.items() if row and is_header(row.cells)), None)
    if found is None:
        most = max(filter(None, firsts.values()), key=lambda row: len(row.cells), default=None)
        if most is None:
            list(_rows(text, DELIMITERS[0]))  # says what is wrong with it, if there is anything
            raise Unreadable(2 if plain else 1, t("the file is empty"))
        shown = ", ".join(f"“{cell[:30]}”" for cell in most.cells[:12])
        raise Unreadable(most.line, t("no column of the first row is an id: {columns}", columns=shown))
    header, *rows = _rows(text, found)
    return header, rows


def _first(text: str, delimiter: str) -> Row | None:
    """The first row, if with this delimiter there is one."""
    try:
        return next(_rows(text, delimiter), None)
    except Unreadable:
        return None


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Rows that have anything in them. A quote that is not closed is an error of the line it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(began, t("not a row of a table ({error})", error=error)) from None
        row = tuple(trimmed(cell) for cell in cells)
        if any(row):
            yield Row(began, row)
        began = reader.line_num + 1


def trimmed(cell: str) -> str:
    """Without blanks of any kind at its ends, one between words, letters composed."""
    seen = "".join(letter for letter in cell if letter not in _UNSEEN)
    return unicodedata.normalize("NFC", " ".join(seen.split()))
