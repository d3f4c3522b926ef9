"""Receipts that are made up: of two labs of the course, everything passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.checks.findings import FactRow, Finding
from kvmlab.course import Course
from kvmlab.course.version import lab_version
from kvmlab.observe.grade import checks_of
from kvmlab.paths import State
from kvmlab.receipts.document import signed
from tests.conftest import our_course

LABS = ("network-bridge", "storage-attach")


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this repository."""
    return our_course()


def evidence(course: Course, lab_id: str, variant: str | None, lab_host: str) -> dict[str, Any]:
    """As `kvmlab check` keeps it where all has passed."""
    lab = course.lab(lab_id, "en", variant)
    checks = checks_of(lab, course.checker(lab_id)).checks
    finding = Finding("link br0", (FactRow("state", "up", "up", True, "ip link"),))
    tasks = []
    for task in lab.tasks:
        seen = [
            {"id": check.id, "sentence": "It is so.", "verdict": "passed", "blocked_by": [], "error": None,
             "findings": [finding.to_json()]}
            for check in checks if check.task == task.id
        ]  # fmt: skip
        points = {"points": task.points, "max_points": task.points}
        tasks.append({"id": task.id, "title": task.title, "verdict": "passed", **points, "checks": seen})
    report = {
        "schema": "kvmlab.check/1", "lab": lab_id, "variant": variant, "verdict": "passed", "points": lab.points,
        "max_points": lab.points, "seconds": 0.31, "tasks": tasks,
    }  # fmt: skip
    return {
        "lab": lab_id, "lab_version": lab_version(course, lab_id), "variant": variant, "parameters": lab.values,
        "lab_host": lab_host, "begun": "2026-11-20T08:00:00+00:00", "taken": "2026-11-20T09:00:00Z",
        "hints": {lab.tasks[0].id: 1}, "report": json.loads(json.dumps(report)),
    }  # fmt: skip


Make = Callable[..., Path]


@pytest.fixture
def make(course: Course, tmp_path: Path) -> Make:
    """A receipt's file: for whom, of which variant and lab host, and what is changed in it before it is signed."""

    def made(
        student: str = "zhang-wei", variant: str | None = None, *, host: str = "", by: str = "",
        change: Callable[[dict[str, Any]], object] = lambda _: None,
    ) -> Path:  # fmt: skip
        labs = [evidence(course, lab, variant, (host or student) + str(n)) for n, lab in enumerate(LABS)]
        values = {"student": student, "course": course.tag, "made": "2026-11-21T08:00:00Z", "kvmlab": "0.1.0"}
        receipt = {**values, "labs": labs}
        change(receipt)
        number = len(list(tmp_path.glob("*.json")))
        target = tmp_path / f"{number:04}.json"
        target.write_text(signed(State(tmp_path / f"state-{by or student}"), receipt))
        return target

    return made
