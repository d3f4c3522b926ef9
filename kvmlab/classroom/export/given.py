"""A CSV file that another program has given, with some cells replaced and every other byte as it was."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.classroom.roster.columns import plain_header, ranked
from kvmlab.classroom.roster.student import Student
from kvmlab.classroom.roster.table import DELIMITERS, Unreadable, bytes_of, text_of, trimmed
from kvmlab.errors import UsageError
from kvmlab.safe_text import plain
from kvmlab.words import t

_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?")
MOST_NAMED = 30


class Unfit(UsageError):
    """The file was not filled in; `faults` has every reason."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        self.faults = tuple(plain(one, 400) for one in faults)
        head = t("{path} was not filled in: {count} reasons.", path=path, count=len(faults))
        super().__init__("\n".join([head, *(f"  {one}." for one in self.faults)]), shlex.join(["head", str(path)]))


class Cell(NamedTuple):
    """A cell's value, trimmed, and where it stands in the text, quotes included."""

    value: str
    start: int
    end: int


class Given:
    """The file at `path`: `header`, and `rows` below it. Unfit where it is no table with a header that `is_header`."""

    def __init__(self, path: Path, is_header: Callable[[Sequence[str]], bool]) -> None:
        self.path = path
        try:
            self._text = text_of(bytes_of(path))
            self.delimiter, cells = _table(self._text.text, is_header)
        except Unreadable as error:
            raise Unfit(path, [t("line {line}: {why}", line=error.line, why=error.why)]) from None
        self._cells = cells
        self.header, *self.rows = [tuple(cell.value for cell in row) for row in cells]

    def column(self, *names: str) -> int | None:
        """The column whose header is one of these, whatever its case and punctuation."""
        wanted = {plain_header(name) for name in names}
        return next((n for n, one in enumerate(self.header) if plain_header(one) in wanted), None)

    def cell(self, row: int, column: int | None) -> str:
        """A value, "" where the row has none."""
        return self.rows[row][column] if column is not None and column < len(self.rows[row]) else ""

    def students(self, there: Sequence[Student]) -> dict[int, Student]:
        """Who stands in which row: by the column in which most of the class's ids, or e-mail addresses, are found.

        Never by a name. Unfit where nobody is found, or somebody twice.
        """
        ids = {one.id: one for one in there}
        mails = {one.email.casefold(): one for one in there if one.email}
        found = [self._matched(column, ids.get) for column in ranked(self.header, "id")]
        found += [self._matched(n, lambda cell: mails.get(cell.casefold())) for n in ranked(self.header, "email")]
        best = max(found, key=len, default={})
        if not best:
            columns = ", ".join(f"“{one[:30]}”" for one in self.header[:12])
            raise Unfit(self.path, [t("no column has the ids or e-mail addresses of the class: {columns}",
                                      columns=columns)])  # fmt: skip
        seen: dict[str, int] = {}
        twice = [one.id for row, one in best.items() if seen.setdefault(one.id, row) != row]
        if twice:
            raise Unfit(self.path, [t("{id} stands in two rows", id=one) for one in twice[:MOST_NAMED]])
        return best

    def _matched(self, column: int, who: Callable[[str], Student | None]) -> dict[int, Student]:
        rows = ((row, who(self.cell(row, column))) for row in range(len(self.rows)))
        return {row: student for row, student in rows if student}

    def decimal(self, cells: Iterable[str]) -> str:
        """How the file writes a decimal point, by those of its numbers that have one."""
        return "," if any(_NUMBER.fullmatch(one) and "," in one for one in cells) else "."

    def filled(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """The file with these values, by row and column. A row that ends before the column gets empty cells."""
        edits = sorted(self._edit(row, column, value) for (row, column), value in values.items())
        parts, at = [], 0
        for start, end, new in edits:
            parts += [self._text.text[at:start], new]
            at = end
        whole = "".join([*parts, self._text.text[at:]])
        return self._text.mark + whole.encode(self._text.codec)

    def _edit(self, row: int, column: int, value: str) -> tuple[int, int, str]:
        cells = self._cells[row + 1]
        written = f'"{value}"' if self.delimiter in value else value
        if column < len(cells):
            return cells[column].start, cells[column].end, written
        return cells[-1].end, cells[-1].end, self.delimiter * (column - len(cells) + 1) + written


def number(text: str) -> float | None:
    """A number as such files write it; None where it is none."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _table(text: str, is_header: Callable[[Sequence[str]], bool]) -> tuple[str, list[list[Cell]]]:
    """The delimiter, and the rows that are not empty, the header first."""
    for delimiter in DELIMITERS:
        first = next(_scanned(text, delimiter), None)
        if first and is_header([cell.value for cell in first]):
            rows = list(_scanned(text, delimiter))
            _must_be_the_same(text, delimiter, rows)
            return delimiter, rows
    raise Unreadable(1, t("this is not the header of such a file"))


def _scanned(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """Rows as RFC 4180 has them, with their places."""
    one = re.compile(rf'("(?:[^"]++|"")*+"|(?!")[^{delimiter}\r\n]*+)({delimiter}|\r\n|\n|\r|\Z)')
    at, line, row = 0, 1, list[Cell]()
    while at < len(text) or row:
        found = one.match(text, at)
        if not found:
            raise Unreadable(line, t("not a row of a table"))
        raw, end = found.groups()
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
        row.append(Cell(trimmed(value), found.start(1), found.end(1)))
        at = found.end()
        line += raw.count("\n") + (end != delimiter)
        if end != delimiter:
            if any(cell.value for cell in row):
                yield row
            row = []


def _must_be_the_same(text: str, delimiter: str, rows: Sequence[Sequence[Cell]]) -> None:
    """Unreadable where Python's csv reads other cells: then whoever wrote or reads the file may, too."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        read = [[trimmed(cell) for cell in row] for row in reader]
    except csv.Error as error:
        raise Unreadable(1, t("not a row of a table ({error})", error=error)) from None
    ours = [[cell.value for cell in row] for row in rows]
    theirs = [row for row in read if any(row)]
    if ours != theirs:
        line = next((n for n, (one, other) in enumerate(zip(ours, theirs, strict=False), 1) if one != other), len(ours))
        raise Unreadable(line, t("not a row of a table"))
