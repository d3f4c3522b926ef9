"""The board: who is at which task, and who has gained nothing for long, from what is noted alone."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from kvmlab.course import Course
from kvmlab.course.progress import TIME
from tests.classroom.conftest import LAB, Classroom
from tests.classroom.samples import report
from tests.course.conftest import EXAMPLE


def board(classroom: Classroom) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(classroom("board", "--json").out)["seats"]
    return found


def started(classroom: Classroom, student: str, minutes: int) -> None:
    record = classroom.student(student).labs / "example" / f"{LAB}.json"
    data = json.loads(record.read_text())
    data["started"] = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - minutes * 60))
    record.write_text(json.dumps(data))


def test_nobody(classroom: Classroom) -> None:
    assert classroom("board").out == "Nobody has a lab host.\n"


def test_who_waits_longest_is_on_top_and_marked(classroom: Classroom) -> None:
    classroom("start", LAB)
    started(classroom, "2026001", 5)
    started(classroom, "2026002", 45)
    lines = classroom("board").out.splitlines()
    assert lines[1].startswith("!  2026002") and "45 min" in lines[1] and lines[2].lstrip().startswith("2026001")
    assert [(one["student"], one["stuck"]) for one in board(classroom)] == [("2026002", True), ("2026001", False)]


def test_a_gain_starts_the_clock_anew_and_no_gain_does_not(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom("start", LAB)
    started(classroom, "2026001", 60)
    started(classroom, "2026002", 60)
    lab = Course.load(EXAMPLE).lab(LAB)
    first = lab.tasks[0]
    for student, gained in (("2026001", first.points), ("2026002", 0)):
        classroom.progress(student).checked(lab, {first.id: ("passed" if gained else "failed", gained)})
    anna, bo = sorted(board(classroom), key=lambda one: str(one["student"]))
    assert (anna["minutes"], anna["passed"], anna["points"]) == (0, 1, first.points) and not anna["stuck"]
    assert (bo["minutes"], bo["passed"], bo["task"]) == (60, 0, first.id) and bo["stuck"]


def test_the_first_failing_check_until_the_student_checks(classroom: Classroom) -> None:
    classroom("start", LAB)
    for student in ("2026001", "2026002"):
        record = classroom.student(student).labs / "example" / f"{LAB}.json"
        assert json.loads(record.read_text())["instance"] == "i1"
    classroom.pretended.points = {"": (2, None)}
    classroom("check", LAB)
    assert {one["failing"] for one in board(classroom)} == {"c2"}
    lab = Course.load(EXAMPLE).lab(LAB)
    classroom.progress("2026001").checked(lab, {lab.tasks[0].id: ("failed", 0)})
    path = classroom.student("2026001").root / "progress" / "example" / f"{LAB}.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "checked": time.strftime(TIME, time.gmtime(time.time() + 60))}))
    assert {one["student"]: one["failing"] for one in board(classroom)} == {"2026001": "", "2026002": "c2"}
    assert not [call for call in classroom.pretended.calls if "board" in call]


def test_under_a_failing_check_stands_the_mistake_that_was_seen(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With names as somebody has chosen them, who is root on the lab host: on a terminal nothing of them is obeyed."""
    said = {"name": "address-on-port", "sentence": "`en\x1b[2Js33` is a port of `br0`.", "see": None}

    def with_it(*given: Any) -> dict[str, Any]:
        found = report(*given)
        for check in (one for task in found["tasks"] for one in task["checks"] if one["verdict"] == "failed"):
            check["findings"] = [{"subject": "x", "facts": [], "mistake": one} for one in (None, said)]
        return found

    monkeypatch.setattr("tests.classroom.samples.report", with_it)
    classroom("start", LAB)
    classroom.pretended.points = {classroom.student("2026001").root.name: (2, None), "": (4, None)}
    classroom("check", LAB)
    assert {one["student"]: one["mistake"] for one in board(classroom)} == {"2026001": said["sentence"], "2026002": ""}
    lines = classroom("board").out.splitlines()
    at = next(number for number, line in enumerate(lines) if "2026001" in line)
    assert lines[at + 1].strip().startswith("→ ") and lines[at + 1].endswith("is a port of `br0`.")
    assert "\x1b" not in "".join(lines) and sum("→" in line for line in lines) == 1


def test_a_damaged_record_is_a_row(classroom: Classroom) -> None:
    classroom("start", LAB)
    (classroom.student("2026001").labs / "example" / f"{LAB}.json").write_text("{")
    done = classroom("board")
    assert done.status == 0 and "its record is damaged" in done.out
