"""XLSX: a sheet with all marks, and one for each lab with points per task and verdicts per check.

Texts are written as texts, never as formulas, links or numbers; one that begins like a formula has Excel's own mark for
that besides (quotePrefix), so that it stays a text when somebody edits or copies it.
Rejected: openpyxl, which is for reading as well, twice as slow, and of 2024.
"""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kvmlab.classroom.export.tables import Report, reports
from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.results import Results
from kvmlab.errors import CannotRun
from kvmlab.safe_text import FORMULA, in_xml
from kvmlab.words import t

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_STUDENT = ("id", "name", "group")
_MARK = ("points", "max_points", "verdict", "why", "attempt", "taken", "lab_version", "seed")
_LONGEST_NAME = 31  # characters of a sheet's name
Cell = str | float | None


def workbook(results: Results, book: Gradebook) -> bytes:
    """The file. No grade is an empty cell. CannotRun where XlsxWriter is not installed."""
    try:
        import xlsxwriter
    except ImportError:
        todo = shlex.join([sys.executable, "-m", "pip", "install", "kvmlab[xlsx]"])
        raise CannotRun(t("XLSX needs the Python package XlsxWriter."), todo) from None
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        sheets = _Sheets(made)
        totals = {one.id: results.total(one) for one in results.students}
        sheets.add(t("marks"), [
            (*_STUDENT, *results.labs, "total", "max"),
            *((one.id, one.name, one.group, *(_points(results.marks[one.id][lab].points) for lab in results.labs),
               *map(_points, totals[one.id])) for one in results.students),
        ])  # fmt: skip
        found: dict[str, dict[str, Report]] = {lab: {} for lab in results.labs}
        for who, lab, report in reports(results, book):
            found[lab][who[0]] = report
        for lab in results.labs:
            sheets.add(lab, _lab_rows(results, lab, found[lab]))
    return file.getvalue()


def _points(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _lab_rows(results: Results, lab: str, of: dict[str, Report]) -> Iterable[Sequence[Cell]]:
    """A row a student: the mark, the points of each task, the verdict of each check. Tasks are those of any report."""
    cells = {student: dict(_parts(report)) for student, report in of.items()}
    parts = list(dict.fromkeys(name for row in cells.values() for name in row))
    yield (*_STUDENT, *_MARK, *parts)
    for one in results.students:
        mark, own = results.marks[one.id][lab], cells.get(one.id, {})
        tail: Sequence[Cell] = (None,) * 4
        if mark.graded:
            attempt = mark.graded.attempt
            tail = (attempt.number, attempt.taken, attempt.lab_version, attempt.seed)
        verdict = mark.graded.grading.verdict if mark.graded else None
        yield (one.id, one.name, one.group, _points(mark.points), mark.max_points, verdict, mark.why, *tail,
               *(own.get(name) for name in parts))  # fmt: skip


def _parts(report: Report) -> Iterable[tuple[str, Cell]]:
    for task in report["tasks"]:
        unseen = any(one["verdict"] == "error" for one in task["checks"])
        yield task["id"], None if unseen else task["points"]
        for check in task["checks"]:
            yield f"{task['id']}: {check['id']}", check["verdict"]


class _Sheets:
    """Sheets of a workbook, each with a name that Excel takes and no other has."""

    def __init__(self, made: Workbook) -> None:
        self._made, self._names = made, set[str]()
        self._bold = made.add_format({"bold": True})
        self._guarded = made.add_format({"quote_prefix": True})

    def add(self, name: str, rows: Iterable[Sequence[Cell]]) -> None:
        """A sheet whose first row is its header, and stays in view."""
        sheet = self._made.add_worksheet(self._free(name))
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 2, 14)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                self._put(sheet, number, column, cell)

    def _put(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if isinstance(cell, str) and cell:
            style = self._guarded if cell[0] in FORMULA else None if row else self._bold
            sheet.write_string(row, column, in_xml(cell), style)
        elif isinstance(cell, (int, float)):
            sheet.write_number(row, column, cell)

    def _free(self, name: str) -> str:
        plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in name)[:_LONGEST_NAME].strip() or "-"
        free, number = plain, 1
        while free.casefold() in self._names or free.casefold() == "history":
            number += 1
            free = f"{plain[: _LONGEST_NAME - 4]}-{number}"
        self._names.add(free.casefold())
        return free
