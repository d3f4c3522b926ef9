"""A row for each student, whatever becomes of the others; the same command again does what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.classroom.children import Children, complaint_in, each
from kvmlab.classroom.evidence import read_evidence
from kvmlab.classroom.folder import Class
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.main import main
from kvmlab.errors import CouldNotLook
from kvmlab.paths import State
from tests.classroom.conftest import LAB, ROSTER, Classroom, Told
from tests.classroom.samples import evidence
from tests.course.conftest import EXAMPLE
from tests.forked import forked


def rows(told: Told) -> dict[str, str]:
    """What each row says, by student."""
    found = {}
    for line in told.out.splitlines():
        mark, who, _, said = line[0], *line[2:].split(None, 2)
        found[who] = f"{mark} {said}"
    return found


def attempts(classroom: Classroom) -> list[tuple[str, int, str]]:
    book = Class(classroom.folder).book
    return [(one.attempt.student, one.grading.points, one.attempt.seed or "") for one in book.graded("example")]


def test_start_check_finish(classroom: Classroom) -> None:
    assert rows(classroom("start", LAB)) == {"2026001": "✓ ready", "2026002": "✓ ready"}
    done = classroom("check", LAB)
    assert (done.status, rows(done)) == (0, {"2026001": "✓ 4/4", "2026002": "✓ 4/4"})
    assert rows(classroom("finish")) == dict.fromkeys(("2026001", "2026002"), f"✓ {LAB}: finished")
    assert sorted(one[:2] for one in attempts(classroom)) == [("2026001", 4), ("2026002", 4)]


def test_the_variant_is_each_ones_own_and_kept_over_a_reset(classroom: Classroom) -> None:
    for action in ("start", "check", "reset", "check"):
        assert classroom(action, LAB).status == 0
    seeds = {(student, seed) for student, _, seed in attempts(classroom)}
    assert len(seeds) == 2 == len({seed for _, seed in seeds}) and all(len(seed) == 16 for _, seed in seeds)


def test_start_again_changes_nothing(classroom: Classroom) -> None:
    classroom("start", LAB)
    assert rows(classroom("start", LAB)) == {"2026001": "✓ ran already", "2026002": "✓ ran already"}


def test_one_who_cannot_be_looked_at_is_a_row_and_no_attempt(classroom: Classroom) -> None:
    classroom("start", LAB, "--student", "2026002")
    done = classroom("check", LAB)
    assert done.status == 3
    assert rows(done) == {"2026001": f"! {LAB} has not been started", "2026002": "✓ 4/4"}
    assert [one[0] for one in attempts(classroom)] == ["2026002"]


def test_a_variant_of_ones_own_choice_is_no_attempt(classroom: Classroom) -> None:
    """Such as a neighbour's, or one that is called like an exam's."""
    classroom.pretended(Children(EXAMPLE), classroom.student("2026001"), "--variant", "exam-x", "start", LAB)
    classroom("start", LAB, "--student", "2026002")
    found = rows(classroom("check", LAB))
    assert found["2026001"] == "! the lab there is not this student's variant"
    assert [one[0] for one in attempts(classroom)] == ["2026002"]


def test_nothing_seen_is_no_attempt_and_something_seen_is_one(classroom: Classroom) -> None:
    classroom("start", LAB)
    nothing, some = ("error", "blocked", "error", "error"), ("passed", "failed", "error", "passed")
    classroom.pretended.points = {
        classroom.student("2026001").root.name: (0, nothing),
        classroom.student("2026002").root.name: (0, some),
    }
    done = classroom("check", LAB)
    assert done.status == 3
    assert rows(done) == {"2026001": "! no answer", "2026002": "✗ 2/4, could not look 1 times: no answer"}
    assert [one[:2] for one in attempts(classroom)] == [("2026002", 2)]


def test_a_failure_does_not_stop_the_others(classroom: Classroom) -> None:
    classroom.pretended.fails = {"start": "No space is left"}
    done = classroom("start", LAB)
    assert (done.status, rows(done)) == (3, dict.fromkeys(("2026001", "2026002"), "! No space is left"))


def test_a_state_directory_that_cannot_be_used_is_a_row(classroom: Classroom) -> None:
    """One is a file, and of the other others may write."""
    one, other = classroom.student("2026001").root, classroom.student("2026002").root
    one.write_text("in the way")
    other.mkdir()
    other.chmod(0o777)
    done = classroom("start", LAB)
    assert done.status == 3 and "Others may write" in rows(done)["2026002"] and rows(done)["2026001"][0] == "!"
    one.unlink()
    other.chmod(0o700)
    assert classroom("start", LAB).status == 0


def test_reset_without_a_lab_is_of_all_that_run(classroom: Classroom) -> None:
    classroom("start", LAB, "--student", "2026001")
    assert rows(classroom("reset")) == {"2026001": f"✓ {LAB}: as at the start", "2026002": "✓ nothing runs"}
    assert [call[-2:] for call in classroom.pretended.calls if "reset" in call] == [("reset", LAB)]


def test_dry_run_does_nothing(classroom: Classroom) -> None:
    assert rows(classroom("start", LAB, "--dry-run"))["2026001"] == f"  would start {LAB}"
    classroom("start", LAB, "--student", "2026001")
    calls = len(classroom.pretended.calls)
    assert rows(classroom("start", LAB, "--dry-run"))["2026001"] == f"  there already: {LAB} (running)"
    assert rows(classroom("check", LAB, "--dry-run")) == {
        "2026001": f"  would look at {LAB} (running)", "2026002": "  not started: could not look",
    }  # fmt: skip
    assert rows(classroom("reset", "--dry-run"))["2026001"] == f"  would throw away: {LAB} (running)"
    assert rows(classroom("finish", "--dry-run"))["2026002"] == "  nothing runs"
    assert len(classroom.pretended.calls) == calls


def test_who_is_meant(classroom: Classroom) -> None:
    assert list(rows(classroom("start", LAB, "--group", "B"))) == ["2026002"]
    assert list(rows(classroom("finish", "--student", "2026001"))) == ["2026001"]
    done = classroom("start", LAB, "--student", "2026003")
    assert done.status == 2 and "there is none called `2026003`" in done.err and "--student 2026002" in done.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("start",), "kvmlab class start LAB"),
        (("status", "x"), "kvmlab class status"),
        (("finish", LAB, LAB), "kvmlab class finish [LAB]"),
        (("start", LAB, "--accept"), "--accept is no option of"),
        (("roster", "x", "--dry-run"), "--dry-run is no option of"),
        (("start", "net-brige"), "net-bridge"),
        (("check", "../../etc"), "No lab"),
    ],
)
def test_wrong_use(classroom: Classroom, argv: tuple[str, ...], said: str) -> None:
    done = classroom(*argv)
    assert done.status == 2 and said in done.err and not classroom.pretended.calls


def test_status(classroom: Classroom) -> None:
    assert rows(classroom("status")) == dict.fromkeys(("2026001", "2026002"), "  nothing yet")
    classroom("start", LAB)
    classroom("check", LAB, "--student", "2026001")
    found = rows(classroom("status"))
    assert found["2026001"].startswith(f"  {LAB}: running, 4/4 at 20")
    assert found["2026002"] == f"  {LAB}: running, not checked yet"
    assert '"kvmlab.class-status/1"' in classroom("status", "--json").out


def test_a_roster_is_shown_before_it_is_taken(classroom: Classroom, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(
        ROSTER.replace("Bo,B", "Bo,A").replace("2026001,Anna,A\n", "") + "2026003,Chen,A\n", encoding="utf-8"
    )
    before = classroom("status").out
    shown = classroom("roster", str(other))
    assert shown.out.splitlines()[:3] == ["+ 2026003  Chen  A", "- 2026001  Anna  A", "~ 2026002  group: B → A"]
    assert classroom("status").out == before
    assert classroom("roster", str(other), "--accept").status == 0
    assert list(rows(classroom("status"))) == ["2026002", "2026003"]
    other.write_text("id\n1\n1\n", encoding="utf-8")
    assert classroom("roster", str(other), "--accept").status == 2
    assert list(rows(classroom("status"))) == ["2026002", "2026003"]


def test_a_broken_roster_makes_no_class(told: Callable[..., Told], tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id\n-x\n\n=y\n")
    done = told("class", "create", str(tmp_path / "kvm"), "--roster", str(tmp_path / "roster.csv"))
    assert done.status == 2 and "roster.csv:2:" in done.err and "roster.csv:4:" in done.err
    assert not (tmp_path / "kvm").exists()


def in_a_process(classroom: Classroom, *argv: str, die_at: str = "") -> subprocess.CompletedProcess[str]:
    command = ["--course", str(EXAMPLE), "class", argv[0], "--class", str(classroom.folder), *argv[1:]]
    return forked(lambda: main(command), die_at)


@pytest.mark.parametrize("verb", ["start", "check", "reset", "finish"])
@pytest.mark.parametrize("at", ["gradebook.written", "class.checked", "class.noted"])
def test_killed_at_any_moment_the_same_command_finishes(classroom: Classroom, verb: str, at: str) -> None:
    """Then every student has exactly what the command is for, and the gradebook is whole."""
    if verb != "start":
        classroom("start", LAB)
    done = in_a_process(classroom, verb, LAB, die_at=at)
    if (verb, at) in [(one, "class.checked") for one in ("start", "reset", "finish")]:
        assert done.returncode == 0, done.stderr  # they never come there
        return
    assert done.returncode == -signal.SIGKILL, done.stderr
    again = in_a_process(classroom, verb, LAB)
    assert again.returncode == 0, again.stderr
    if at == "class.noted":
        assert "Taken up where it was interrupted: 1 of 2 are done." in again.stderr
    book = Class(classroom.folder).book
    assert book.database.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert book.interrupted(verb, LAB) is None
    per_student = sorted(one[0] for one in attempts(classroom))
    assert per_student == (["2026001", "2026002"] if verb == "check" else [])
    running = [
        classroom.student(one).labs.joinpath("example", f"{LAB}.json").exists() for one in ("2026001", "2026002")
    ]
    assert running == [verb != "finish"] * 2


def test_an_action_that_has_ended_is_not_taken_up(classroom: Classroom) -> None:
    classroom("start", LAB)
    classroom("reset", LAB)
    assert classroom("reset", LAB).err == ""
    assert len([call for call in classroom.pretended.calls if "reset" in call]) == 4


def test_two_instructors_do_not_do_the_same_at_once(classroom: Classroom) -> None:
    tag = Class(classroom.folder).tag
    with classroom.state.lock(f"class-{tag}-start-{LAB}"):
        done = classroom("start", LAB)
    assert (
        done.status == 3
        and f"Another `kvmlab class start {LAB}` is at work" in done.err
        and not classroom.pretended.calls
    )


def test_evidence_is_read_from_a_plain_file_alone(tmp_path: Path) -> None:
    import json

    good, file = json.dumps(evidence(2)), tmp_path / "evidence.json"
    file.write_text(good)
    assert read_evidence(file, "network-bridge")["report"]["points"] == 2
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(file)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "none"):
        with pytest.raises(CouldNotLook):
            read_evidence(path, "network-bridge")
    for broken in ("", "[]", "{}", good[:-9], good.replace('"points": 2', '"points": "2"'), "[" * 100_000,
                   good.replace("network-bridge", "network-nat"), good.replace('"tasks"', '"task"')):  # fmt: skip
        file.write_text(broken)
        with pytest.raises(CouldNotLook):
            read_evidence(file, "network-bridge")


def test_a_real_child_says_why(tmp_path: Path) -> None:
    shared = State(tmp_path / "state")
    state = State(tmp_path / "student", shared.root)
    done = Children(EXAMPLE).run(state, "check", LAB)
    assert (done.status, done.said) == (3, f"{LAB} has not been started")
    assert not (state.root / "cache").exists() and list((shared.root / "cache").glob("catalogue-*"))


def test_children_are_ended_with_all_they_have_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in the middle leaves no child, nor a child's child."""
    mark = f"3{os.getpid()}"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(f"#!/bin/sh\nsleep {mark} & sleep {mark}\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr("kvmlab.classroom.children.END_S", 1)
    children = Children(EXAMPLE)

    def work(number: int) -> int:
        if number == 0:
            raise RuntimeError
        return children.run(State(tmp_path / "state"), "start").status

    with pytest.raises(RuntimeError):
        list(each([1, 0, 2], work, children))
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert f"sleep {mark}" not in listed


def test_a_complaint_is_the_last_one() -> None:
    assert complaint_in(b"noise\nkvmlab: one.\n  \xe2\x86\x92 todo\nkvmlab: two.\n") == "two"
    assert complaint_in(b"\xff\n") == ""


def test_enter_is_the_students_own_kvmlab(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their state, their variant, and whatever verb and options stand behind --."""
    entered: list[tuple[list[str], dict[str, str]]] = []

    def execve(_path: str, argv: list[str], environ: dict[str, str]) -> int:
        entered.append((argv, environ))
        return 0

    monkeypatch.setattr("os.execve", execve)
    classroom("enter", "2026001", "--", "exec", LAB, "--", "ls", "--group")
    ((argv, environ),) = entered
    assert argv[3:] == ["kvmlab", "exec", LAB, "--", "ls", "--group"]
    assert environ["KVMLAB_STATE"] == str(classroom.student("2026001").root)
    assert environ["KVMLAB_SHARED"] == str(classroom.state.root)
    assert environ["KVMLAB_VARIANT"] == Class(classroom.folder).seed(Student("2026001"))
    assert classroom("enter", "2026009", "--", "status").status == 2
    assert classroom("status", "--", "x").status == 2
