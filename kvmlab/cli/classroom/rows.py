"""A line a student, as it comes."""

from __future__ import annotations

from kvmlab.classroom.roster.student import Student
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean

_MARKS = {0: ("✓", "green"), 1: ("✗", "red")}


class Rows:
    """Prints a line a student."""

    def __init__(self, page: TextPage, students: list[Student]) -> None:
        self._page = page
        self._ids = max((cells(one.id) for one in students), default=0)
        self._names = min(24, max((cells(one.name) for one in students), default=0))

    def put(self, student: Student, said: str, status: int | None = None) -> None:
        """One row; `status` None: nothing was done."""
        mark, style = _MARKS.get(status, ("!", "yellow")) if status is not None else (" ", "")
        who = f"{fit(student.id, self._ids)}  {fit(student.name, self._names)}"
        self._page.line(f"{self._page.paint(mark, style)} {who}  {clean(said)}")
        self._page.stream.flush()
