"""CSV per lab, task or check, and Moodle's gradebook CSV.

A cell that a spreadsheet would take for a formula gets a `'` before it, as spreadsheets themselves write it; an id
never needs one, because none begins so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.policy import Mark
from kvmlab.classroom.results import Results, shown, titles_of
from kvmlab.course import Course
from kvmlab.errors import UsageError
from kvmlab.safe_text import in_cell
from kvmlab.words import t

Report = Mapping[str, Any]


def csv_per(per: str, results: Results, book: Gradebook) -> str:
    """A row per student and lab, with the mark after policy; or per task or check of the attempt that counts."""
    if per == "lab":
        return _written([_LAB_HEADER, *_lab_rows(results)])
    rows = _task_rows(results, book) if per == "task" else _check_rows(results, book)
    return _written([_TASK_HEADER if per == "task" else _CHECK_HEADER, *rows])


_STUDENT_HEADER = ("id", "name", "group", "lab")
_LAB_HEADER = (*_STUDENT_HEADER, "points", "max_points", "verdict", "why", "attempt", "taken", "lab_version", "seed")
_TASK_HEADER = (*_STUDENT_HEADER, "task", "verdict", "points", "max_points")
_CHECK_HEADER = (*_STUDENT_HEADER, "task", "check", "verdict")


def _lab_rows(results: Results) -> Iterator[tuple[str, ...]]:
    for who, lab, mark in _marks(results):
        tail = ("", "", "", "")
        if mark.graded:
            attempt = mark.graded.attempt
            tail = (str(attempt.number), attempt.taken, attempt.lab_version, attempt.seed or "")
        verdict = mark.graded.grading.verdict if mark.graded else ""
        yield (*who, lab, shown(mark.points), shown(mark.max_points), verdict, mark.why, *tail)


def _task_rows(results: Results, book: Gradebook) -> Iterator[tuple[str, ...]]:
    for who, lab, report in reports(results, book):
        for task in report["tasks"]:
            unseen = any(one["verdict"] == "error" for one in task["checks"])
            points = "" if unseen else str(task["points"])
            yield (*who, lab, task["id"], task["verdict"], points, str(task["max_points"]))


def _check_rows(results: Results, book: Gradebook) -> Iterator[tuple[str, ...]]:
    for who, lab, report in reports(results, book):
        for task in report["tasks"]:
            for check in task["checks"]:
                yield (*who, lab, task["id"], check["id"], check["verdict"])


def _marks(results: Results) -> Iterator[tuple[tuple[str, str, str], str, Mark]]:
    for student in results.students:
        for lab in results.labs:
            yield (student.id, student.name, student.group), lab, results.marks[student.id][lab]


def reports(results: Results, book: Gradebook) -> Iterator[tuple[tuple[str, str, str], str, Report]]:
    """The report of each attempt that counts, with who it is of."""
    for who, lab, mark in _marks(results):
        if mark.graded:
            yield who, lab, book.report(mark.graded.attempt.number, mark.graded.grading.run)


def moodle(results: Results, course: Course, lang: str) -> str:
    """For Moodle's Grades, Import, CSV file: a line a student, a column a lab, its maximum in the header.

    Moodle drops the whole file for one user that it does not know, or one grade above the maximum of its item: so the
    item has to have the maximum that the header names, and who has no grade has an empty cell. UsageError where one
    person's maximum is another than the others', for which no item could be right.
    """
    maxima = {lab: _maximum(results, lab) for lab in results.labs}
    titles = [f"{_title(course, lab, lang)} ({shown(maxima[lab])})" for lab in results.labs]
    rows = [
        (one.id, one.email, *(shown(results.marks[one.id][lab].points) for lab in results.labs))
        for one in results.students
    ]
    return _written([("ID number", "Email address", *titles), *rows])


def _title(course: Course, lab: str, lang: str) -> str:
    titles = titles_of(course, lab)
    return titles.get(lang) or titles.get("en", lab)


def _maximum(results: Results, lab: str) -> float:
    found: dict[float, str] = {}
    for student in results.students:
        mark = results.marks[student.id][lab]
        if mark.points is not None:
            found.setdefault(mark.max_points, student.id)
    if len(found) > 1:
        whose = ", ".join(f"{student}: {shown(most)}" for most, student in sorted(found.items()))
        said = t("{lab} has not the same maximum for all, and Moodle wants one: {whose}.", lab=lab, whose=whose)
        raise UsageError(said, f"kvmlab class regrade {lab}")
    return next(iter(found), 0.0)


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([in_cell(cell) for cell in row])
    return text.getvalue()
