"""An exam of a class: one clock for all, a variant of each one's own, handed in by closing, killed at any moment."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from kvmlab.classroom.folder import SETTINGS, Class
from kvmlab.classroom.roster.student import Student
from kvmlab.course.exam.model import Exam, Exams
from tests.classroom.conftest import LAB, Classroom
from tests.classroom.test_students import in_a_process, rows

ANNA, BO = "2026001", "2026002"


def exams(classroom: Classroom, student: str) -> Exams:
    return Exams(classroom.student(student), "example")


def running(classroom: Classroom, student: str) -> Exam:
    exam = exams(classroom, student).running()
    assert exam
    return exam


def attempts(classroom: Classroom) -> list[tuple[str, int, str]]:
    book = Class(classroom.folder).book
    return [(one.attempt.student, one.grading.points, one.attempt.seed or "") for one in book.graded("example")]


def test_one_clock_and_a_variant_each(classroom: Classroom) -> None:
    done = classroom("exam", "begin", LAB, "--minutes", "30")
    assert done.status == 0 and rows(done)[ANNA] == "✓ ready" and "runs for 2 students" in done.out, done
    anna, bo = running(classroom, ANNA), running(classroom, BO)
    assert anna.began == bo.began and anna.minutes == bo.minutes == 30 and anna.seed != bo.seed
    found = Class(classroom.folder)
    assert anna.seed not in (found.seed(Student(ANNA)), found.seed(Student(ANNA), 2))
    shown = classroom("exam")
    assert shown.out.startswith(f"{LAB}: ") and shown.out.count("at work") == 2


def test_closing_hands_in_and_keeps_the_evidence(classroom: Classroom) -> None:
    classroom("exam", "begin", LAB, "--minutes", "30")
    classroom.pretended.points = {"": (3, None)}
    done = classroom("exam", "end")
    assert done.status == 1 and set(rows(done)) == {ANNA, BO}, done
    found = Class(classroom.folder).book.graded("example")
    assert sorted(one.attempt.student for one in found) == [ANNA, BO]
    assert all((one.attempt.seed or "").startswith("exam-") and one.grading.points == 3 for one in found)
    assert all(Class(classroom.folder).book.evidence(one.attempt.evidence)["facts"] for one in found)
    assert classroom("exam").status == 3 and classroom("exam", "end").status == 3  # there is none any more
    assert classroom("exam", "begin", LAB, "--minutes", "5").status == 0  # another one, with other variants
    assert running(classroom, ANNA).variant not in {seed for _, _, seed in attempts(classroom)}


def test_who_hands_in_early_is_graded_as_of_then(classroom: Classroom) -> None:
    classroom("exam", "begin", LAB, "--minutes", "30")
    classroom.pretended.points = {"": (2, None)}
    classroom.pretended._handed_in(classroom.student(ANNA))
    assert "handed in" in classroom("exam").out
    classroom.pretended.points = {"": (4, None)}
    classroom("exam", "end")
    assert sorted(one[:2] for one in attempts(classroom)) == [(ANNA, 2), (BO, 4)]


def test_late_comers_have_what_is_left(classroom: Classroom) -> None:
    classroom.pretended.fails = {"start": "no space"}
    done = classroom("exam", "begin", LAB, "--minutes", "30")
    assert done.status == 3 and exams(classroom, ANNA).running() is None
    assert json.loads(classroom("exam", "--json").out)["began"] == ""
    classroom.pretended.fails = {}
    classroom("exam", "begin", LAB, "--student", ANNA)
    began = running(classroom, ANNA).began
    assert exams(classroom, BO).running() is None
    classroom("exam", "begin", LAB)
    assert running(classroom, BO).began == began == running(classroom, ANNA).began


def test_what_runs_for_practice_is_left_alone(classroom: Classroom) -> None:
    classroom("start", LAB, "--student", ANNA)
    other = exams(classroom, BO)
    other.keep(Exam("own", 5, "2026-11-27T10:00:00Z", (), ()))
    found = rows(classroom("exam", "begin", LAB, "--minutes", "30"))
    assert "for practice" in found[ANNA] and "exam of their own" in found[BO]
    assert exams(classroom, ANNA).running() is None and running(classroom, BO).seed == "own"


def test_who_was_not_there_does_not_keep_it_open(classroom: Classroom) -> None:
    classroom("exam", "begin", LAB, "--minutes", "30", "--student", ANNA)
    done = classroom("exam", "end")
    assert rows(done)[BO] == "✗ has not sat the exam" and done.status == 1
    assert classroom("exam").status == 3


def test_who_could_not_be_looked_at_keeps_it_open(classroom: Classroom) -> None:
    classroom("exam", "begin", LAB, "--minutes", "30")
    classroom.pretended.fails = {"exam": "net-bridge could not be looked at"}
    assert classroom("exam", "end").status == 3
    classroom.pretended.fails = {}
    assert classroom("exam", "end").status == 0 and len(attempts(classroom)) == 2


@pytest.mark.parametrize(
    ("step", "at"),
    [
        (step, at)
        for step in ("begin", "end")
        for at in ("gradebook.written", "class.noted", "class.exam", "class.handed-in")
    ],
)
def test_killed_at_any_moment_the_same_command_finishes(classroom: Classroom, step: str, at: str) -> None:
    begin = ("exam", "begin", LAB, "--minutes", "30")
    if step == "end":
        classroom(*begin)
    argv = begin if step == "begin" else ("exam", "end")
    done = in_a_process(classroom, *argv, die_at=at)
    if (step, at) in (("begin", "class.handed-in"), ("end", "class.exam")):
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert in_a_process(classroom, *argv).returncode == 0
    if step == "begin":
        assert running(classroom, ANNA).began == running(classroom, BO).began
    else:
        assert sorted(one[:2] for one in attempts(classroom)) == [(ANNA, 4), (BO, 4)]


def test_dry_run_and_wrong_use(classroom: Classroom) -> None:
    assert rows(classroom("exam", "begin", LAB, "--minutes", "9", "--dry-run"))[ANNA] == f"  would start {LAB}"
    assert classroom("exam").status == 3 and not classroom.pretended.calls
    for argv in (("begin",), ("begin", LAB), ("end", LAB), ("x",), ("begin", "nolab", "--minutes", "5")):
        assert classroom("exam", *argv).status == 2, argv
    classroom("exam", "begin", LAB, "--minutes", "9")
    assert classroom("exam", "begin", LAB, "--minutes", "10").status == 3
    assert "would hand in" in rows(classroom("exam", "end", "--dry-run"))[ANNA]
    assert running(classroom, ANNA)


def test_only_the_exam_counts_where_the_policy_says_so(classroom: Classroom) -> None:
    classroom("start", LAB)
    classroom("check", LAB)
    classroom("finish", LAB)
    (classroom.folder / SETTINGS).write_text(f"[labs.{LAB}]\nexam_only = true\n")
    assert "no grade (no attempt)" in classroom("report").out
    classroom("exam", "begin", LAB, "--minutes", "30")
    classroom.pretended.points = {"": (1, None)}
    classroom("exam", "end")
    assert f"{LAB} 1/4" in classroom("report").out


def test_the_evidence_of_another_variant_is_not_taken(classroom: Classroom) -> None:
    classroom("exam", "begin", LAB, "--minutes", "30")
    classroom.pretended._handed_in(classroom.student(ANNA))
    own = Path(classroom.student(ANNA).root / "progress" / "example")
    (file,) = own.glob("exam-*.json")
    file.write_text(file.read_text().replace('"variant": "exam-', '"variant": "exam-x'))
    assert "nothing was handed in" in rows(classroom("exam", "end"))[ANNA]
