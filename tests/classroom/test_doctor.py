"""What a class lacks on this computer, with commands; and two students never have the same user ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.classroom import doctor
from kvmlab.classroom.doctor import INOTIFY, examine
from kvmlab.classroom.folder import SETTINGS
from kvmlab.course import Course, Lab
from kvmlab.errors import CannotRun
from kvmlab.labhost import id_range
from kvmlab.labhost.computer.doctor import DoctorFinding, Level
from kvmlab.labhost.confinement import own_limits
from kvmlab.labhost.container import known_ranges
from kvmlab.labhost.known_host import IDENTITY
from kvmlab.paths import State
from kvmlab.remote.host_root import IDS
from tests.classroom.conftest import LAB, Classroom
from tests.course.conftest import EXAMPLE


@pytest.fixture
def lab() -> Lab:
    return Course.load(EXAMPLE).lab(LAB)


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with 8 GiB, 128 inotify instances and all limits; its settings are files here."""
    for name, value in (("fs/inotify/max_user_instances", 128), ("kernel/pid_max", 32768)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
    monkeypatch.setattr(doctor, "_PROC", tmp_path)
    monkeypatch.setattr(doctor, "available_mib", lambda: 8000)
    limits = {"memory": 4096, "processes": 2048, "processor": 50}
    monkeypatch.setattr(doctor, "enforced_limits", lambda state: limits)
    monkeypatch.setattr("os.getuid", lambda: 0)
    return tmp_path


def found(lab: Lab, students: int, tmp_path: Path) -> dict[str, DoctorFinding]:
    return {one.name: one for one in examine(State(tmp_path / "state"), lab, students)}


def test_eight_are_well_and_thirty_lack_inotify_instances(lab: Lab, computer: Path) -> None:
    name = "fs.inotify.max_user_instances"
    assert found(lab, 8, computer)[name].level is Level.GOOD
    lacking = found(lab, 30, computer)[name]
    assert lacking.level is Level.BAD and "sysctl -w fs.inotify.max_user_instances=1024" in lacking.todo
    (computer / "fs/inotify/max_user_instances").write_text(str(30 * INOTIFY + 64))
    assert found(lab, 30, computer)[name].level is Level.GOOD


def test_memory_in_three_steps(lab: Lab, computer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = []
    greedy = lab._replace(guests=tuple(one._replace(memory_mib=512) for one in lab.guests))
    for students in (2, 20, 500):
        levels.append(found(greedy, students, computer)["memory"].level)
    assert levels == [Level.GOOD, Level.SLOW, Level.BAD]


def test_what_one_student_may_take(lab: Lab, computer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(lab, 3000, computer)["limits"].level is Level.SLOW
    monkeypatch.setattr(doctor, "enforced_limits", lambda state: {"processes": 2048})
    assert "memory, processor time" in found(lab, 1, computer)["limits"].seen
    monkeypatch.setattr(doctor, "enforced_limits", lambda state: {})
    assert found(lab, 1, computer)["limits"].level is Level.UNKNOWN
    monkeypatch.setattr("os.getuid", lambda: 1000)
    assert found(lab, 1, computer)["user ids"].level is Level.SLOW


def test_the_command_counts_those_who_wait(classroom: Classroom, computer: Path) -> None:
    classroom("start", LAB, "--student", "2026001")
    done = classroom("doctor", LAB)
    assert f"{LAB}" in done.out and "1 lab hosts to be started" in done.out and done.status in (0, 3)
    document = json.loads(classroom("doctor", LAB, "--json").out)
    assert document["students"] == 1 and document["ok"] == (done.status == 0)
    assert classroom("doctor").status == 2 and classroom("doctor", "nothing").status == 2


def test_no_two_students_have_the_same_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the lab host of one is stopped, so that no process has its ids."""
    monkeypatch.setattr(id_range, "_ranges_in_use", lambda: set())
    monkeypatch.setattr(id_range, "RANGES", 4)
    top = State(tmp_path / "state")
    students = [State(tmp_path / "state" / "classes" / tag / name, top.root)
                for tag, name in (("c1", "a"), ("c1", "b"), ("c2", "a"))]  # fmt: skip
    taken = []
    for state in (*students, top):
        first = id_range.reserve_range(known_ranges(state))
        taken.append(first)
        id_range.release_range(first)
        stopped = state.run / "lab-1"
        stopped.mkdir()
        (stopped / IDENTITY).write_text(json.dumps({"first_uid": first, "host_key": "k", "init": ""}))
    assert sorted(taken) == [id_range.FIRST + number * IDS for number in range(4)]
    for state in (*students, top):
        with pytest.raises(CannotRun):
            id_range.reserve_range(known_ranges(state))


def test_a_class_may_give_its_lab_hosts_less(classroom: Classroom) -> None:
    """It stands in the student's state directory, where every start finds it, and goes when the class says so."""
    usual = ("--memory=4096m", "--memory-swap=4096m", "--pids-limit=2048")
    settings = classroom.folder / SETTINGS
    for line, options in (("lab_host_memory_mib = 700", ["--memory=700m", "--memory-swap=700m"]), ("", [])):
        settings.write_text(f"{line}\n")
        assert classroom("start", LAB).status == 0
        assert own_limits(classroom.student("2026001"), usual) == options
    assert own_limits(classroom.student("2026001"), ("--pids-limit=2048",)) == []
    settings.write_text("lab_host_memory_mib = 201\n")
    calls = len(classroom.pretended.calls)
    done = classroom("start", LAB)
    assert done.status == 2 and "lab_host_memory_mib" in done.err and len(classroom.pretended.calls) == calls
    for wrong in ("-1", "199", "true", "1.5", "'x'"):
        settings.write_text(f"lab_host_memory_mib = {wrong}\n")
        assert classroom("report").status == 2, wrong


def test_a_limit_in_the_class_is_what_counts(lab: Lab, computer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(computer / "state")
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PHYS_PAGES": 4_000_000, "SC_PAGE_SIZE": 4096}[name])
    levels = [{one.name: one for one in examine(state, lab, 20, mib)}["limits"].level for mib in (0, 700)]
    assert levels == [Level.SLOW, Level.GOOD]
