"""Receipts that a class is handed in: each student's has to be of the student's own variant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.classroom.folder import Class
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.main import main
from kvmlab.paths import State
from kvmlab.receipts.document import signed
from tests.classroom.conftest import Classroom
from tests.conftest import our_course
from tests.receipts.conftest import evidence

LAB = "network-bridge"


def receipt(classroom: Classroom, folder: Path, student: str, of: str) -> str:
    """A receipt of `student`, made for the variant of the student `of`."""
    found = Class(classroom.folder)
    variant = found.seed(Student(of))
    found.book.close()
    course = our_course()
    labs = [evidence(course, LAB, variant, f"host-of-{student}")]
    values = {"student": student, "course": course.tag, "made": "2026-11-21T08:00:00Z", "kvmlab": "0.1.0"}
    path = folder / f"{student}-{of}.json"
    path.write_text(signed(State(folder / f"state-{student}"), {**values, "labs": labs}))
    return str(path)


def test_each_by_the_students_own_variant(
    classroom: Classroom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the course that kvmlab came with."""
    right = receipt(classroom, tmp_path, "2026001", "2026001")
    verify = ["class", "verify", "--class", str(classroom.folder), "--json"]
    assert main([*verify, right]) == 0
    capsys.readouterr()
    assert main([*verify, right, receipt(classroom, tmp_path, "2026002", "2026001")]) == 1
    rows = json.loads(capsys.readouterr().out)["receipts"]
    assert [row["taken"] for row in rows] == [True, False]
    assert rows[1]["against"] == [f"{LAB}: it was made for the variant of 2026001."]


def test_it_wants_files(classroom: Classroom) -> None:
    assert classroom("verify").status == 2
