"""An exam: questions and labs drawn from a seed, a time limit, what was handed in so far.

The record progress/<course tag>/exam.json is written after every answer and every lab, so an exam that is cut off
goes on where it stood; when it ends it moves to exams/. What is handed in after the time is shown, and not counted.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

from kvmlab.course.names import CHAPTER, LAB, TASK, VARIANT
from kvmlab.course.progress import TIME, now
from kvmlab.paths import State
from kvmlab.state import record

PASS_PERCENT = 70
SCHEMA = "kvmlab.exam/1"
TOLD: tuple[tuple[str, dict[str, type | UnionType]], ...] = (
    ("checks", {"title": str, "verdict": str, "points": int, "max_points": int}),
    ("findings", {"sentence": str, "verdict": str, "error": str | None}),
    ("facts", {"subject": str}),
    ("", {"name": str, "found": str, "wanted": str, "met": bool, "see": str}),
)
"""What a report tells of each task, check, finding and fact, and where each keeps the next (kvmlab.check/1)."""


class ExamQuestion(NamedTuple):
    """A question of the exam. `right` None: not answered."""

    chapter: str
    id: str
    right: bool | None = None
    late: bool = False

    @property
    def points(self) -> int:
        """What counts: one point for a right answer in time."""
        return int(bool(self.right) and not self.late)


class ExamLab(NamedTuple):
    """A lab of the exam. `reached` None: not handed in; else the points it was graded with; `tasks` as check --json."""

    id: str
    max_points: int
    reached: int | None = None
    late: bool = False
    tasks: tuple[Mapping[str, Any], ...] = ()

    @property
    def points(self) -> int:
        """What counts: points reached in time, never more than the lab had when the exam began."""
        return 0 if self.late else min(self.reached or 0, self.max_points)


class Exam(NamedTuple):
    """One exam. `began`, `ended`: UTC, as 2026-11-23T10:15:00Z; `ended` "" while it runs."""

    seed: str
    minutes: int
    began: str
    questions: tuple[ExamQuestion, ...]
    labs: tuple[ExamLab, ...]
    ended: str = ""

    @property
    def variant(self) -> str:
        """The labs' variant: nobody has seen its names and addresses before."""
        return f"exam-{self.seed}"

    @property
    def points(self) -> int:
        """What counts so far."""
        return sum(one.points for one in self.questions) + sum(one.points for one in self.labs)

    @property
    def max_points(self) -> int:
        """What can be reached."""
        return len(self.questions) + sum(one.max_points for one in self.labs)

    @property
    def percent(self) -> int:
        """Rounded down: 69.9 % is not 70."""
        return self.points * 100 // self.max_points if self.max_points else 0

    @property
    def passed(self) -> bool:
        """Whether PASS_PERCENT were reached."""
        return self.percent >= PASS_PERCENT

    @property
    def seconds_left(self) -> int:
        """Until its time is over; below zero afterwards. A clock that was set back gives no more than there was."""
        whole = self.minutes * 60
        return min(whole, _seconds(self.began) + whole - int(time.time()))

    @property
    def open_question(self) -> int | None:
        """The first question that was not answered, by its number from 0."""
        return next((number for number, one in enumerate(self.questions) if one.right is None), None)

    @property
    def open_lab(self) -> int | None:
        """The first lab that was not handed in, by its number from 0."""
        return next((number for number, one in enumerate(self.labs) if one.reached is None), None)

    def answered(self, number: int, right: bool) -> "Exam":
        """With a question answered, now."""
        new = self.questions[number]._replace(right=right, late=self.seconds_left < 0)
        return self._replace(questions=(*self.questions[:number], new, *self.questions[number + 1 :]))

    def handed_in(self, number: int, reached: int, tasks: tuple[Mapping[str, Any], ...]) -> "Exam":
        """With a lab graded, now."""
        new = self.labs[number]._replace(reached=reached, tasks=tasks, late=self.seconds_left < 0)
        return self._replace(labs=(*self.labs[:number], new, *self.labs[number + 1 :]))

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.exam/1; `from_json` reads it."""
        return {
            "schema": SCHEMA,
            **self._asdict(),
            "questions": [{**one._asdict(), "points": one.points} for one in self.questions],
            "labs": [{**one._asdict(), "points": one.points} for one in self.labs],
            "points": self.points,
            "max_points": self.max_points,
            "percent": self.percent,
            "passed": self.passed,
        }

    @classmethod
    def from_json(cls, data: object) -> "Exam":
        """The exam that `to_json` wrote. Anything else: ValueError."""
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise ValueError("not an exam")
        try:
            exam = cls(
                data["seed"],
                data["minutes"],
                data["began"],
                tuple(_record(ExamQuestion, one) for one in data["questions"]),
                tuple(_record(ExamLab, one) for one in data["labs"]),
                data["ended"],
            )
            sound = VARIANT.fullmatch(exam.variant) and type(exam.minutes) is int and isinstance(exam.ended, str)
            sound = sound and all(map(_is_question, exam.questions)) and all(map(_is_lab, exam.labs))
            _seconds(exam.began)
        except (KeyError, TypeError) as error:
            raise ValueError(str(error)) from None
        if not sound:
            raise ValueError("not an exam")
        return exam


class Exams:
    """The exams of one course, in `state`."""

    def __init__(self, state: State, course_tag: str) -> None:
        self._folder = state.root / "progress" / course_tag
        self._state = state

    def running(self) -> Exam | None:
        """The one that was begun and not ended."""
        return record.read(self._current, Exam.from_json, None)

    def last(self) -> Exam | None:
        """The one that ended last."""
        try:
            newest = max(self._ended.glob("*.json"), default=None)
        except OSError:
            return None
        return record.read(newest, Exam.from_json, None) if newest else None

    def keep(self, exam: Exam) -> Exam:
        """Write it as it is now."""
        _ = self._state.progress
        self._folder.mkdir(exist_ok=True, mode=0o700)
        record.write(self._current, exam.to_json())
        return exam

    def end(self, exam: Exam) -> Exam:
        """No more is handed in: it moves to those that have ended."""
        done = exam._replace(ended=now())
        self._ended.mkdir(exist_ok=True, mode=0o700)
        record.write(self._ended / f"{exam.began.replace(':', '')}.json", done.to_json())
        self._current.unlink(missing_ok=True)
        return done

    def evidence(self, exam: Exam, lab: str) -> Path:
        """Where what was read is kept when a lab is handed in (kvmlab.evidence/1)."""
        return self._folder / f"exam-{exam.seed}-{lab}.json"

    @property
    def _current(self) -> Path:
        return self._folder / "exam.json"

    @property
    def _ended(self) -> Path:
        return self._folder / "exams"


def _seconds(text: str) -> int:
    from calendar import timegm

    return timegm(time.strptime(text, TIME))


def _is_question(one: ExamQuestion) -> bool:
    right = one.right is None or type(one.right) is bool
    return bool(CHAPTER.fullmatch(one.chapter) and TASK.fullmatch(one.id)) and right and type(one.late) is bool


def _is_lab(one: ExamLab) -> bool:
    points = type(one.max_points) is int and (one.reached is None or type(one.reached) is int)
    tasks = _are_told(one.tasks)
    return bool(LAB.fullmatch(one.id)) and points and tasks and type(one.late) is bool


def _are_told(records: object, kinds: Sequence[tuple[str, dict[str, type | UnionType]]] = TOLD) -> bool:
    """Whether each of them has what a report tells, and so have those within."""
    if not kinds:
        return True
    (inner, fields), *rest = kinds
    return isinstance(records, list | tuple) and all(
        isinstance(one, dict)
        and all(name in one and isinstance(one[name], kind) for name, kind in fields.items())
        and _are_told(one.get(inner), rest)
        for one in records
    )


def _record(kind: Any, data: object) -> Any:
    if not isinstance(data, dict):
        raise ValueError("not a table")
    values = {name: data[name] for name in kind._fields if name in data}
    if "tasks" in values:
        values["tasks"] = tuple(values["tasks"])
    return kind(**values)
