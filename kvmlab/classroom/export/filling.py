"""Files that Moodle and Canvas have given, with the class's points in them.

What would make them drop the file or a row of it is a reason to fill in nothing, told with the names it is about:

- Moodle's worksheet of an assignment (mod/assign/feedback/offline): a row is told by its `Identifier` alone, and is
  passed over in silence where its grade is above the maximum, or may not be changed.
- Canvas's gradebook (lib/gradebook_importer.rb): a column whose title has no id makes a new assignment.

In both a lab's points are wrong without a word where the assignment has another maximum than the lab.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.classroom.export.given import MOST_NAMED, Given, Unfit, number
from kvmlab.classroom.policy import Mark
from kvmlab.classroom.results import Results, shown, titles_of
from kvmlab.classroom.roster.columns import is_sectioned, plain_header
from kvmlab.classroom.roster.student import Student
from kvmlab.course import Course
from kvmlab.words import t

GRADE = ("Grade", "成绩", "成績", "分数", "评分", "Bewertung", "Note")
MAXIMUM = ("Maximum Grade", "最高成绩", "最高分", "最大成绩", "满分", "最高分數", "Bestwertung", "Höchstbewertung")
SCALE = ("Scale", "等级", "量表", "Skala")
CHANGEABLE = ("Grade can be changed", "允许更改成绩", "成绩可以更改", "Bewertung kann geändert werden")
_NO = ("no", "否", "nein")
_IDENTIFIER = re.compile(r"\D{0,60}\d{1,18}")
_CANVAS_COLUMN = re.compile(r"(.+) \((\d{1,18})\)")
_READ_ONLY = "(read only)"


class Filled(NamedTuple):
    """The file as it is to be imported; `notes`: what is not in it, and whose."""

    content: bytes
    notes: tuple[str, ...]


def fill_worksheet(path: Path, results: Results, lab: str) -> Filled:
    """Moodle's grading worksheet of the assignment that is this lab. Unfit with all that is in the way."""
    given = Given(path, lambda header: _one_of(header, GRADE))
    grade, most = given.column(*GRADE), given.column(*MAXIMUM)
    assert grade is not None
    if given.column(*SCALE) is not None:
        raise Unfit(path, [t("the assignment is graded by a scale, not by points")])
    changeable, faults, values = given.column(*CHANGEABLE), list[str](), {}
    rows, locked = given.students(results.students), list[str]()
    point = given.decimal(one[n] for one in given.rows for n in (grade, most) if n is not None and n < len(one))
    for row, student in rows.items():
        mark = results.marks[student.id][lab]
        if mark.points is None:
            continue
        if not _IDENTIFIER.fullmatch(given.cell(row, 0)):
            faults.append(t("{id}: the first column is no identifier of Moodle's", id=student.id))
        elif plain_header(given.cell(row, changeable)) in _NO:
            locked.append(student.id)
        else:
            faults += _out_of_range(student, mark, given.cell(row, most))
            values[row, grade] = shown(mark.points).replace(".", point)
    if faults:
        raise Unfit(path, faults[:MOST_NAMED])
    notes = [t("Locked in Moodle, and left as it was: {ids}.", ids=_listed(locked))] if locked else []
    return Filled(given.filled(values), (*notes, *_missing(results, rows.values())))


def _out_of_range(student: Student, mark: Mark, most: str) -> Iterator[str]:
    found = None if mark.points is None else number(most)
    if found is not None and round(found, 2) != round(mark.max_points, 2):
        yield t("{id}: the assignment's maximum is {most}, the lab's {lab} (`weight` in class.toml makes it another)",
                id=student.id, most=shown(found), lab=shown(mark.max_points))  # fmt: skip


def fill_canvas(path: Path, results: Results, course: Course) -> Filled:
    """Canvas's gradebook, with each lab in the column that has its title or its id. Unfit likewise."""
    given = Given(path, is_sectioned)
    columns, faults = _columns(given, results.labs, course)
    rows = given.students(results.students)
    above = next((n for n in range(len(given.rows)) if plain_header(given.cell(n, 0)) == "pointspossible"), None)
    if above is None:
        faults.append(t("there is no row “Points Possible”"))
    elif not columns and not faults:
        faults.append(t("no column is a lab's: it has the lab's title or id before its number, as “{lab} (123)”",
                        lab=next(iter(results.labs), "network-bridge")))  # fmt: skip
    values = {}
    for lab, column in columns.items():
        possible = "" if above is None else given.cell(above, column)
        if possible == _READ_ONLY:
            faults.append(t("{lab}: Canvas does not let this column be changed", lab=lab))
            continue
        marks = {row: (student, results.marks[student.id][lab]) for row, student in rows.items()}
        faults += (fault for student, mark in marks.values() for fault in _out_of_range(student, mark, possible))
        values.update({(row, column): worth for row, worth in _canvas_cells(given, marks)})
    if faults:
        raise Unfit(path, faults[:MOST_NAMED])
    without = [lab for lab in results.labs if lab not in columns]
    notes = [t("There is no column for {labs}.", labs=_listed(without))] if without else []
    return Filled(given.filled(values), (*notes, *_missing(results, rows.values())))


def _canvas_cells(given: Given, marks: Mapping[int, tuple[Student, Mark]]) -> Iterator[tuple[int, str]]:
    """What each row gets; who is excused (neither points nor maximum) is so in Canvas, too."""
    point = given.decimal(cell for row in given.rows for cell in row)
    for row, (_, mark) in marks.items():
        if mark.points is not None:
            yield row, shown(mark.points).replace(".", point)
        elif mark.max_points == 0:
            yield row, "EX"


def _columns(given: Given, labs: Sequence[str], course: Course) -> tuple[dict[str, int], list[str]]:
    """The column of each lab, and what is wrong with columns."""
    found: dict[str, int] = {}
    faults = []
    for lab in labs:
        names = {plain_header(one) for one in (lab, *titles_of(course, lab).values())}
        for n, header in enumerate(given.header):
            numbered = _CANVAS_COLUMN.fullmatch(header)
            if plain_header(numbered[1] if numbered else header) not in names:
                continue
            if not numbered:
                faults.append(t("“{title}” has no number, and would become a new assignment", title=header[:60]))
            elif lab in found:
                faults.append(t("two columns are {lab}'s", lab=lab))
            else:
                found[lab] = n
    return found, faults


def _one_of(header: Sequence[str], names: Sequence[str]) -> bool:
    return bool({plain_header(one) for one in header} & {plain_header(one) for one in names})


def _missing(results: Results, there: Iterable[Student]) -> list[str]:
    ids = {one.id for one in there}
    gone = [one.id for one in results.students if one.id not in ids]
    return [t("Not in the file: {ids}.", ids=_listed(gone))] if gone else []


def _listed(ids: Sequence[str]) -> str:
    more = f" … ({len(ids)})" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more
