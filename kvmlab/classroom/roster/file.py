"""A roster file as students: all of them, or one error that says everything that is wrong with it, line by line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.classroom.roster.columns import RosterColumns, find_columns, is_header, is_sectioned, plain_header
from kvmlab.classroom.roster.student import ID, MOST, Student
from kvmlab.classroom.roster.table import Row, Unreadable, bytes_of, read_table
from kvmlab.errors import UsageError
from kvmlab.safe_text import plain
from kvmlab.words import t

_NO_STUDENT = {"pointspossible", "manualposting"}
_HAN = ("\u3400", "\u9fff")


class RosterFault(NamedTuple):
    """What is wrong, and in which line."""

    line: int
    what: str


class RosterError(UsageError):
    """The roster was not taken; `faults` has every reason."""

    def __init__(self, path: Path, faults: Sequence[RosterFault]) -> None:
        self.faults = tuple(RosterFault(one.line, plain(one.what, 300)) for one in sorted(faults))
        lines = [f"  {path}:{one.line}: {one.what}." for one in self.faults]
        head = t("{path} was not taken, not in part either: {count} errors.", path=path, count=len(lines))
        super().__init__("\n".join([head, *lines]), shlex.join(["head", str(path)]))


def read_roster(path: Path) -> tuple[Student, ...]:
    """The students of a roster file, in its order. RosterError with all that is wrong; UsageError: no such file."""
    try:
        header, rows = read_table(bytes_of(path), is_header)
    except Unreadable as error:
        raise RosterError(path, [RosterFault(error.line, error.why)]) from None
    faults = list(_twice_in_header(header))
    if is_sectioned(header.cells):
        rows = [row for row in rows if not _NO_STUDENT & set(map(plain_header, row.cells))]
    columns = find_columns(header.cells, [row.cells for row in rows])
    students = [_student(row, columns) for row in rows]
    for row, student in zip(rows, students, strict=True):
        faults += _faults(row, student, header)
    faults += _twice(rows, students)
    if not rows:
        faults.append(RosterFault(header.line, t("there is no student below the header")))
    if faults:
        raise RosterError(path, faults)
    return tuple(students)


def _student(row: Row, columns: RosterColumns) -> Student:
    def cell(number: int | None) -> str:
        return row.cells[number] if number is not None and number < len(row.cells) else ""

    name = cell(columns.name) or _whole_name(cell(columns.first), cell(columns.last))
    return Student(cell(columns.id), name, cell(columns.group), cell(columns.host), cell(columns.email))


def _whole_name(first: str, last: str) -> str:
    """Family name first, and without a blank, where it is Chinese."""
    if last and first and all(_HAN[0] <= letter <= _HAN[1] for letter in last + first):
        return last + first
    return f"{first} {last}".strip()


def _faults(row: Row, student: Student, header: Row) -> Iterator[RosterFault]:
    if len(row.cells) > len(header.cells) and any(row.cells[len(header.cells) :]):
        yield RosterFault(row.line, t("more values than the header has columns"))
    if not student.id:
        yield RosterFault(row.line, t("there is no id"))
    elif not ID.fullmatch(student.id):
        rule = "`{id}` cannot be an id: letters, digits and `_.@+-`, 64 at most, a letter or digit first"
        yield RosterFault(row.line, t(rule, id=student.id[:80]))
    for value in student[1:]:
        if len(value) > MOST or not value.isprintable():
            rule = "“{value}” is longer than {most} characters, or has some that cannot be printed"
            yield RosterFault(row.line, t(rule, value=plain(value, 40), most=MOST))


def _twice_in_header(header: Row) -> Iterator[RosterFault]:
    seen: set[str] = set()
    for cell in filter(None, map(plain_header, header.cells)):
        if cell in seen:
            yield RosterFault(header.line, t("two columns are called “{name}”", name=cell[:40]))
        seen.add(cell)


def _twice(rows: Sequence[Row], students: Sequence[Student]) -> Iterator[RosterFault]:
    """Ids that differ in their case alone are one person's, misspelt."""
    seen: dict[str, int] = {}
    for row, student in zip(rows, students, strict=True):
        line = seen.setdefault(student.id.casefold(), row.line)
        if student.id and line != row.line:
            yield RosterFault(row.line, t("the id `{id}` is in line {line} already", id=student.id[:80], line=line))
