"""What a class lacks on this computer, with commands; and two students never have the same user ids."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kvmlab import process
from kvmlab.classroom import actions, doctor
from kvmlab.classroom.doctor import INOTIFY, examine
from kvmlab.classroom.folder import SETTINGS
from kvmlab.classroom.policy import LIMITS
from kvmlab.course import Course, Lab
from kvmlab.errors import CannotRun
from kvmlab.labhost import id_range
from kvmlab.labhost.computer.doctor import DoctorFinding, Level
from kvmlab.labhost.container import known_ranges
from kvmlab.labhost.known_host import IDENTITY
from kvmlab.labhost.own_limits import OwnLimits, limits_of
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.record import runs
from kvmlab.labhost.together import Held
from kvmlab.paths import State
from kvmlab.remote.host_root import IDS
from kvmlab.state.record import write
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
    return {one.name: one for one in examine(State(tmp_path / "state"), lab, students, OwnLimits())}


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
    settings = classroom.folder / SETTINGS
    for text, limits in (
        ("lab_host_memory_mib = 700", OwnLimits(memory_mib=700)),
        ("student_memory_mib = 900\nstudent_processes = 500", OwnLimits(all_memory_mib=900, all_processes=500)),
        ("lab_host_disk_gib = 3\nstudent_cpu_weight = 7", OwnLimits(disk_gib=3, all_cpu_weight=7)),
        ("", OwnLimits()),
    ):
        settings.write_text(f"{text}\n")
        assert classroom("start", LAB).status == 0
        assert limits_of(classroom.student("2026001")) == limits
    settings.write_text("lab_host_memory_mib = 201\n")
    calls = len(classroom.pretended.calls)
    done = classroom("start", LAB)
    assert done.status == 2 and "lab_host_memory_mib" in done.err and len(classroom.pretended.calls) == calls
    settings.write_text("student_memory_mib = 201\n")
    assert "`student_memory_mib` is 201" in classroom("start", LAB).err
    for name, (_, least, most) in LIMITS.items():
        for wrong in ("-1", str(least - 1 or -2), str(most + 1), "true", "1.5", "'x'"):
            settings.write_text(f"{name} = {wrong}\n")
            assert classroom("report").status == 2, (name, wrong)


def test_a_limit_in_the_class_is_what_counts(lab: Lab, computer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(computer / "state")
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PHYS_PAGES": 4_000_000, "SC_PAGE_SIZE": 4096}[name])
    limits = (OwnLimits(), OwnLimits(memory_mib=700))
    levels = [{one.name: one for one in examine(state, lab, 20, own)}["limits"].level for own in limits]
    assert levels == [Level.SLOW, Level.GOOD]


def test_what_is_not_enforced_of_a_student_is_said(lab: Lab, computer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, limits = State(computer / "state"), OwnLimits(disk_gib=2, all_memory_mib=300, all_processes=500)

    def findings(**held: bool) -> list[DoctorFinding]:
        monkeypatch.setattr(doctor, "tried", lambda *_: held)
        return list(examine(state, lab, 2, limits))

    enough = findings(memory=True, processes=True)
    assert any(one.level is Level.SLOW and "disk space" in one.seen for one in enough)
    assert enough[-1].level is Level.SLOW and "300 MiB; a rehearsal has two" in enough[-1].seen
    assert "processes" in findings(memory=True, processes=False)[-1].seen
    limits = limits._replace(all_memory_mib=2000)
    assert findings(memory=True, processes=True)[-1].level is Level.GOOD
    limits = OwnLimits(disk_gib=2)
    assert "limits of a student" not in [one.name for one in findings()]


def test_status_tells_what_a_student_takes(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    classroom("start", LAB)
    assert "together" not in classroom("status").out
    mine = classroom.student("2026001").tag
    monkeypatch.setattr(actions, "held", lambda tag, init: Held(210, 700, 37, None, 50) if tag == mine else None)
    for one in ("2026001", "2026002"):
        (run,) = runs(classroom.student(one), Course.load(EXAMPLE)).values()
        host = LabPlace(classroom.student(one), "example", LAB).known_host(run)
        host.run_dir.mkdir(parents=True)
        write(host.run_dir / IDENTITY, {"first_uid": None, "host_key": "k", "init": process.identity(os.getpid())})
    assert classroom("status").out.count("together: 210/700 MiB, 37 processes, weight 50") == 1
    told = json.loads(classroom("status", "--json").out)["students"]
    assert [one["together"] and one["together"]["most_memory_mib"] for one in told] == [700, None]
