"""All marks of a class by its policy, computed now: a table of students and labs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kvmlab.classroom.folder import SETTINGS, Class
from kvmlab.classroom.gradebook.records import Graded
from kvmlab.classroom.policy import Mark, mark
from kvmlab.classroom.roster.student import Student
from kvmlab.course import Course
from kvmlab.repair.record import graded_as, lab_graded


class Results(NamedTuple):
    """`marks`: by student's id, then by lab. `labs`: those that anybody has an attempt at, in the course's order;
    repairs of one stand behind it, under a name of their own.

    `attempts`: all there are, by student's id and lab.
    """

    students: tuple[Student, ...]
    labs: tuple[str, ...]
    marks: Mapping[str, Mapping[str, Mark]]
    attempts: Mapping[tuple[str, str], Sequence[Graded]]

    def total(self, student: Student) -> tuple[float, float]:
        """Points, and the most there could be: labs without a grade count for neither."""
        graded = [one for one in self.marks[student.id].values() if one.points is not None]
        return sum(one.points or 0 for one in graded), sum(one.max_points for one in graded)


def results_of(found: Class, course: Course, students: Sequence[Student]) -> Results:
    """The marks of these students. UsageError where class.toml is wrong."""
    policy = found.policy()
    everybody = [*found.book.students(), *found.book.students(left=True)]
    names = list(gradable(course))
    policy.must_fit(found.folder / SETTINGS, [one.id for one in everybody], names)
    by_both: dict[tuple[str, str], list[Graded]] = {}
    for one in found.book.results(course.tag):
        by_both.setdefault((one.attempt.student, one.attempt.lab), []).append(one)
    used = {lab for _, lab in by_both} | set(policy.labs)
    labs = tuple(lab for lab in names if lab in used)
    usual = [(lab, policy.rules(None, lab), _most(lab, course, by_both)) for lab in labs]
    special = {one.student for one in policy.exceptions}
    marks = {}
    for student in students:
        id, others = student.id, student.id in special
        marks[id] = {
            lab: mark(by_both.get((id, lab), ()), policy.rules(id, lab) if others else rules, points)
            for lab, rules, points in usual
        }
    return Results(tuple(students), labs, marks, by_both)


def gradable(course: Course) -> Iterator[str]:
    """What there can be marks of: each lab, and a repair of it."""
    for lab in course.ids:
        yield lab
        yield graded_as(lab)


def titles_of(course: Course, lab: str) -> dict[str, str]:
    """What a lab, or a repair of it, is called, by language."""
    titles = course.entry(lab_graded(lab)).titles
    if lab_graded(lab) == lab:
        return titles
    return {lang: f"{title}（修复）" if lang == "zh" else f"{title} (repair)" for lang, title in titles.items()}


def _most(lab: str, course: Course, by_both: Mapping[tuple[str, str], Sequence[Graded]]) -> int:
    """The most points that there can be for whoever has no attempt: a fault's level says what its repair is worth."""
    if lab_graded(lab) == lab:
        return course.entry(lab).points
    return max((one.grading.max_points for both, all_ in by_both.items() if both[1] == lab for one in all_), default=0)


def shown(value: float | None) -> str:
    """Points as a grade: at most two decimals, none where there is no grade."""
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
