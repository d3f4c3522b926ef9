"""The marks of a class as HTML pages that stand alone: one of the class, and one of each student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.gradebook.records import Graded
from kvmlab.classroom.results import Results, shown
from kvmlab.classroom.roster.student import Student
from kvmlab.words import language, t


class Pages:
    """Pages without scripts or anything to load; every text in them is escaped. `when`: now, in UTC."""

    def __init__(self, title: str, results: Results, book: Gradebook, when: str) -> None:
        self._title, self._results, self._book = title, results, book
        self._when = t("computed {when} UTC, by class.toml as it was then", when=_time(when))
        self._template: Any = None

    def of_class(self) -> str:
        """The table; below it for each student what their marks rest on."""
        return self._page(self._title, self._results, whole=True)

    def of_student(self, student: Student) -> str:
        """One student's marks alone: with all they rest on, what is right as well, and all attempts there were."""
        results = self._results._replace(students=(student,))
        return self._page(f"{self._title}: {student.id} {student.name}".rstrip(), results, whole=False)

    def _page(self, title: str, results: Results, *, whole: bool) -> str:
        return str(self._rendering().render(
            title=title, lang=language(), when=self._when, results=results, whole=whole, time=_time, shown=shown,
            report_of=self._report, attempts=self._attempts, none=t("no grade"), total=t("total"),
            words={"id": t("id"), "name": t("name"), "group": t("group"), "attempts": t("All attempts:")},
            found=lambda fact: t("{found}, wanted {wanted}", found=fact["found"], wanted=fact["wanted"]),
            marks={"passed": "✓", "failed": "✗", "blocked": "○", "error": "!"},
        ))  # fmt: skip

    def _rendering(self) -> Any:
        if self._template is None:
            from jinja2 import Environment

            source = Path(__file__).with_name("class.html.j2").read_text(encoding="utf-8")
            self._template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
        return self._template

    def _report(self, student: str, lab: str) -> Mapping[str, Any] | None:
        """Of the attempt that counts."""
        graded = self._results.marks[student][lab].graded
        return self._book.report(graded.attempt.number, graded.grading.run) if graded else None

    def _attempts(self, student: str, lab: str) -> Iterator[str]:
        for one in self._results.attempts.get((student, lab), ()):
            yield _attempt(one)


def _attempt(one: Graded) -> str:
    points = "?" if one.grading.unseen else one.grading.points
    said = t("#{number} at {when} UTC: {points}/{most}", number=one.attempt.number, when=_time(one.attempt.taken),
             points=points, most=one.grading.max_points)  # fmt: skip
    return f"{said} ({t('with the solution')})" if one.attempt.assisted else said


def _time(text: str) -> str:
    return text.replace("T", " ").rstrip("Z")
