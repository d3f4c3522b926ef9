"""What a check keeps for a receipt: the best own run of each lab, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.checks.findings import FactRow, Finding, Mistake
from kvmlab.course import Course
from kvmlab.course.progress import LabProgress
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.labhost.record import Run
from kvmlab.paths import State
from kvmlab.receipts.evidence import keep, kept
from kvmlab.receipts.judging import judge
from kvmlab.receipts.reading import read_receipt
from tests.receipts.conftest import Make

LAB = "network-bridge"
RUN = Run(LAB, "running", None, "2026-11-20T08:00:00+00:00", instance="abc")


def report(course: Course, passed: int, verdict: Verdict = Verdict.FAILED, left_out: int = 0) -> Report:
    """Of the first `passed` tasks that have passed; the others have that verdict."""
    tasks = []
    for number, task in enumerate(course.lab(LAB).tasks):
        found = Verdict.PASSED if number < passed else verdict
        check = CheckResult(f"check-{number}", task.id, "It is so.", found, task.points)
        tasks.append(TaskResult(task.id, task.title, task.points, (check,)))
    return Report(LAB, None, tuple(tasks[left_out:]), 0.2)


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An empty one."""
    return State(tmp_path / "state")


def points(state: State, course: Course) -> int | None:
    """Of what is kept; None: nothing."""
    found = kept(state, course.tag, LAB)
    return found["report"]["points"] if found else None


def test_the_best_is_kept(state: State, course: Course) -> None:
    lab, tasks = course.lab(LAB), course.lab(LAB).tasks
    for passed, wanted in ((1, 1), (0, 1), (len(tasks), len(tasks)), (2, len(tasks))):
        keep(state, course, lab, RUN, report(course, passed), LabProgress(LAB, hints={tasks[0].id: 2}))
        assert points(state, course) == sum(task.points for task in tasks[:wanted])
    found = kept(state, course.tag, LAB)
    assert found and (found["lab_host"], found["hints"], found["variant"]) == ("abc", {tasks[0].id: 2}, None)


def test_whatever_a_check_says_can_be_handed_in(state: State, course: Course, make: Make) -> None:
    """A mistake that it has named, and what a rehearsal could not hold still, are parts of a receipt's shape."""
    finding = Finding("link br0", (FactRow("up", "yes", "no", False, ""),), mistake=Mistake("down", "It is down."))
    found = report(course, 1)._replace(notes=("It moved.",))
    (check,) = found.tasks[0].checks
    task = found.tasks[0]._replace(checks=(check._replace(findings=(finding, finding._replace(mistake=None))),))
    keep(state, course, course.lab(LAB), RUN, found._replace(tasks=(task, *found.tasks[1:])), LabProgress(LAB))
    evidence = kept(state, course.tag, LAB)
    read = read_receipt(make(change=lambda receipt: receipt.update(labs=[evidence])))
    assert read.labs[LAB] == evidence and evidence["report"]["notes"] == ["It moved."]


NOT_KEPT = {
    "solved": (LabProgress(LAB, solved=True), Verdict.FAILED, 0),
    "could not look": (LabProgress(LAB), Verdict.ERROR, 0),
    "some tasks": (LabProgress(LAB), Verdict.FAILED, 1),
}


@pytest.mark.parametrize(("progress", "verdict", "left_out"), NOT_KEPT.values(), ids=NOT_KEPT.keys())
def test_what_is_not_kept(state: State, course: Course, progress: LabProgress, verdict: Verdict, left_out: int) -> None:
    keep(state, course, course.lab(LAB), RUN, report(course, 1, verdict, left_out), progress)
    assert points(state, course) is None


def test_of_another_version_nothing_is_better(
    state: State, course: Course, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older version of the lab gave more points for is of no use: it would be refused."""
    lab = course.lab(LAB)
    monkeypatch.setattr("kvmlab.receipts.evidence.lab_version", lambda *_: "of an older one")
    keep(state, course, lab, RUN, report(course, len(lab.tasks)), LabProgress(LAB))
    monkeypatch.undo()
    keep(state, course, lab, RUN, report(course, 1), LabProgress(LAB))
    assert points(state, course) == lab.tasks[0].points


def test_what_is_kept_has_the_shape_of_a_receipt(state: State, course: Course, make: Make) -> None:
    """Its checks are made up, so that it is refused for them, and for nothing else."""
    keep(state, course, course.lab(LAB), RUN, report(course, 1), LabProgress(LAB))
    path = make(change=lambda it: it.update(labs=[kept(state, course.tag, LAB)], made="2036-01-01T00:00:00Z"))
    (found,) = judge([path], course)
    assert [said.partition(": ")[2] for said in found.against] == [
        "its times are not in their order.",
        "its verdicts do not follow from its facts, or are of other tasks.",
    ]
