"""Who is on which lab and task, and for how long nobody has got on: from what is noted, nobody is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.gradebook.records import Graded
from kvmlab.classroom.roster.student import Student
from kvmlab.course import ProgressStore
from kvmlab.course.progress import LabProgress
from kvmlab.labhost.record import RUNNING, Run
from kvmlab.repair.record import Repair, graded_as
from kvmlab.repair.report import TASK

STUCK_MIN = 20
"""Who has gained nothing for so many minutes is marked."""


class Seat(NamedTuple):
    """A student at a lab. `task`: the first that has not passed, or "". `failing`: the first failing check when the
    class was last checked, if the student has not checked since; `mistake`: the known one it most likely comes from, as
    a sentence in the language of that check, or "". `minutes`: since points were gained, or the start;
    None: not known."""

    student: Student
    lab: str
    state: str
    task: str
    failing: str
    mistake: str
    passed: int
    tasks: int
    points: int
    max_points: int
    hints: int
    minutes: int | None

    @property
    def stuck(self) -> bool:
        """Whether somebody should go and look."""
        return self.state == RUNNING and self.passed < self.tasks and (self.minutes or 0) >= STUCK_MIN


def seats(actions: Actions, students: Sequence[Student]) -> list[Seat]:
    """Everybody who has a lab host, those first who have waited longest for a gain."""
    last = {(one.attempt.student, one.attempt.lab): one for one in actions.of_class.book.results(actions.course.tag)}
    found = [seat for one in students for seat in _seats(actions, one, last)]
    return sorted(found, key=lambda one: (not one.stuck, -(one.minutes or 0)))


def _seats(actions: Actions, student: Student, last: Mapping[tuple[str, str], Graded]) -> Iterator[Seat]:
    runs = actions.runs(student)
    if not runs:
        return
    known = ProgressStore(actions.seen(student), actions.course.tag).all(runs)
    for lab, run in runs.items():
        graded = last.get((student.id, actions.name_of(student, run)))
        if graded and graded.attempt.lab_host != run.instance:
            graded = None  # of a lab host that was reset since
        repair = actions.repair_on(student, lab)
        yield (
            _seat_at_a_repair(actions, student, run, repair, graded)
            if repair
            else _seat(actions, student, run, known[lab], graded)
        )


def _seat(actions: Actions, student: Student, run: Run, known: LabProgress, graded: Graded | None) -> Seat:
    entry = actions.course.entry(run.lab)
    tasks = [task.id for task in run.compiled.tasks] if run.compiled else []
    passed = [task for task in tasks if task in known.passed]
    task, points = next((one for one in tasks if one not in passed), ""), known.points
    failing, mistake = "", ""
    if graded and graded.attempt.taken >= known.checked:
        failing, mistake = _first_failing(actions, graded)
    since = max(run.started, known.gained) if known.gained else run.started
    hints = sum(known.hints.values())
    return Seat(student, run.lab, run.state, task, failing, mistake, len(passed), len(tasks), points, entry.points,
                hints, _minutes(since))  # fmt: skip


def _seat_at_a_repair(actions: Actions, student: Student, run: Run, repair: Repair, graded: Graded | None) -> Seat:
    """One task: to mend it. What the student's own checks have found since is not noted anywhere."""
    failing, mistake = ("", "") if repair.over or graded is None else _first_failing(actions, graded)
    minutes = None if repair.over else int(repair.seconds // 60)
    return Seat(student, graded_as(run.lab), run.state, "" if repair.over else TASK, failing, mistake,
                int(repair.over), 1, repair.points, repair.max_points, repair.hints, minutes)  # fmt: skip


def _first_failing(actions: Actions, graded: Graded) -> tuple[str, str]:
    report = actions.of_class.book.report(graded.attempt.number, graded.grading.run)
    checks = (check for task in report["tasks"] for check in task["checks"])
    failing = next((one for one in checks if one["verdict"] == "failed"), None)
    if failing is None:
        return "", ""
    noticed = (one["mistake"]["sentence"] for one in failing.get("findings", ()) if one.get("mistake"))
    return str(failing["id"]), str(next(noticed, ""))


def _minutes(since: str) -> int | None:
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((datetime.now(UTC) - moment).total_seconds() // 60))
