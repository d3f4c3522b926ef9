"""What is kept of a repair: whole, outside of the lab host, and never trusted blindly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.course import Course
from kvmlab.course.fault.progress import GIVEN_UP, Ended, Repairs
from kvmlab.labhost.known_host import REPAIR, KnownLabHost
from kvmlab.paths import State
from kvmlab.repair.record import HIDING, MENDED, OPEN, POINTS, Repair, keep, recall
from tests.repair.faults import course_with_a_fault


@pytest.fixture
def host(tmp_path: Path) -> KnownLabHost:
    """A lab host of which there is a run directory and nothing else."""
    known = KnownLabHost("x.tiny-note", "0123abcd", State(tmp_path / "state"))
    known.run_dir.mkdir(parents=True)
    return known


@pytest.fixture
def repair(tmp_path: Path) -> Repair:
    """One that is open."""
    course = Course.load(course_with_a_fault(tmp_path))
    fault = course.faults()[0].for_lab(course.lab("tiny-note"))
    return Repair("s", OPEN, fault, ("link br7: up",), {"domain web1: process": {"web1 process": "7"}}, began=1.0)


def test_what_is_kept_comes_back(host: KnownLabHost, repair: Repair) -> None:
    assert recall(host) is None and not host.is_repair
    keep(host, repair)
    found = recall(host)
    assert found is not None and host.is_repair and found.fault is not None and repair.fault is not None
    assert found._replace(fault=None) == repair._replace(fault=None, handed_over=dict(repair.handed_over))
    assert found.fault.symptoms == repair.fault.symptoms
    assert (found.fault.breaks, found.fault.undo) == ((), ())


def test_how_it_is_broken_is_not_in_it(host: KnownLabHost, repair: Repair) -> None:
    keep(host, repair)
    assert "mv /root" not in (host.run_dir / REPAIR).read_text(encoding="utf-8")


DAMAGED = ["", "[]", "{}", '{"seed": 1', '{"seed": "s", "state": "open", "fault": null, "granted": []}', "9" * 6000]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_one_counts_as_cut_off(host: KnownLabHost, text: str) -> None:
    (host.run_dir / REPAIR).write_text(text, encoding="utf-8")
    found = recall(host)
    assert found is not None and found.state == HIDING and not found.is_open and not found.over


def test_points_are_for_what_was_mended(repair: Repair) -> None:
    assert (repair.points, repair.max_points) == (0, POINTS[3])
    assert repair.ending(MENDED).points == POINTS[3]
    assert repair.ending(GIVEN_UP).points == 0 and repair.ending(GIVEN_UP).over
    assert repair.ending(MENDED)._replace(ended=91.0).seconds == 90.0


def test_what_has_ended_is_kept_in_its_order(tmp_path: Path) -> None:
    repairs = Repairs(State(tmp_path / "state"), "course")
    assert repairs.all() == ()
    rows = [Ended("tiny-note", f"tiny-{n}", 1, "s", "mended", 60, 0, 5, 5, "2026-11-23T10:15:00Z") for n in range(3)]
    for row in rows:
        repairs.ended(row)
    assert repairs.all() == tuple(rows)


def test_a_damaged_file_of_repairs_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(tmp_path / "state")
    path = state.root / "progress/course/repairs.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"repairs": [{"lab": 3}]}), encoding="utf-8")
    assert Repairs(state, "course").all() == ()
    assert "set aside" in capsys.readouterr().err
