"""A careless instructor: kvmlab killed, lab hosts removed by hand, rosters changed and people forgotten meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.children import Children
from kvmlab.classroom.folder import Class
from kvmlab.classroom.forget import kvmlabs_of
from kvmlab.errors import CannotRun
from kvmlab.liveness import work_of
from kvmlab.paths import State
from tests.child import child
from tests.classroom.conftest import LAB, Classroom
from tests.classroom.machines.computers import until
from tests.classroom.test_students import rows
from tests.course.conftest import EXAMPLE

PARENT = """
import sys
from pathlib import Path
from kvmlab.classroom.children import Children
from kvmlab.paths import State
Children(Path(sys.argv[1])).run(State(Path(sys.argv[2]), Path(sys.argv[3])), "start", sys.argv[4])
"""


def stopped(state: State) -> None:
    """The lab host that a student's record tells of does not run any more."""
    path = state.labs / "example" / f"{LAB}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "init": "another-boot/1/1/1"}))


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[State]:
    """A student's state directory; another kvmlab is at work on the lab."""
    state = State(tmp_path / "student", tmp_path / "state")
    with state.lock(f"lab-example-{LAB}"):
        yield state


def test_a_child_ends_with_a_parent_that_is_killed(busy: State) -> None:
    """Else it would hold the lab when the same command is typed again. Ctrl-C may be ignored, as behind `&`."""
    argv = [sys.executable, "-c", PARENT, str(EXAMPLE), str(busy.root), str(busy.shared.root), LAB]
    with child(["sh", "-c", 'trap "" INT; exec "$@"', "sh", *argv]):
        assert until(lambda: len(kvmlabs_of(busy.root)) == 1, 30)
    assert until(lambda: not kvmlabs_of(busy.root), 30)


def test_another_kvmlab_on_the_lab_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvmlab.classroom.children.WAIT_S", 0.5)
    state = State(tmp_path / "student", tmp_path / "state")
    with state.lock(f"lab-example-{LAB}"):
        began = time.monotonic()
        done = Children(EXAMPLE).run(state, "finish", LAB)
        assert done.status == 3 and "Another kvmlab is at work" in done.said and time.monotonic() - began >= 0.5
    assert Children(EXAMPLE).run(state, "finish", LAB).status == 0


WAITER = """
import sys
from pathlib import Path
from kvmlab import paths
paths.LOOK_S /= 50
print("waits", flush=True)
with paths.State(Path(sys.argv[1])).lock("x"):
    pass
"""


def test_who_waits_for_a_lock_shows_life(tmp_path: Path) -> None:
    """Of a class's first start one boots a guest and saves it, for minutes, while others wait: none of them hangs."""
    state = State(tmp_path / "state")
    argv = [sys.executable, "-c", WAITER, str(state.root)]
    with state.lock("x"), child(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"waits\n"
        seen = {work_of(process.pid)}
        assert until(lambda: seen.add(work_of(process.pid)) or len(seen) > 2, 60)  # type: ignore[func-returns-value]


def test_a_lab_host_that_was_removed_by_hand_is_started_anew(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that only stopped is not: what was done on it is kept."""
    classroom("start", LAB)
    for one in ("2026001", "2026002"):
        stopped(classroom.student(one))
    gone = classroom.student("2026001").root
    monkeypatch.setattr(Actions, "_is_gone", lambda actions, student, lab, run: actions.seen(student).root == gone)
    classroom.pretended.fails = {"--resume": "The lab host is gone"}
    done = classroom("start", LAB)
    assert rows(done) == {"2026001": "✓ ready, from the beginning: the lab host there was is gone",
                          "2026002": "! The lab host is gone"}  # fmt: skip
    assert done.status == 3


def test_a_state_directory_that_was_removed_by_hand_leaves_no_lab_host(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their lab host would run for ever, beside the next one: status tells of it, start and finish remove it."""
    state, swept = classroom.student("2026001"), list[tuple[str, ...]]()
    names = {f"kvmlab-{state.tag}-example.{LAB}-19c6a34a", f"kvmlab-{state.tag}-other.{LAB}-1", "kvmlab-x-example.y-1"}
    monkeypatch.setattr(
        "kvmlab.classroom.actions.running_containers",
        lambda prefix: [name for name in names if name.startswith(prefix)] if not swept else [],
    )
    monkeypatch.setattr("kvmlab.cli.classroom.status.running_containers", lambda _prefix: names)
    monkeypatch.setattr("kvmlab.classroom.actions.sweep", lambda _podman, _state, labs: swept.append(labs))
    monkeypatch.setattr("kvmlab.classroom.actions.remembered_podman", lambda state: None)
    assert "that no record tells of" in rows(classroom("status"))["2026001"]
    done = classroom("finish")
    assert rows(done) == {"2026001": f"✓ finished, and a lab host that no record told of any more ({LAB})",
                          "2026002": "✓ nothing runs"}  # fmt: skip
    assert swept == [(f"example.{LAB}", f"example.{LAB}_copy")] and not classroom.pretended.calls
    swept.clear()
    classroom("start", LAB)
    assert len(swept) == 1
    swept.clear()
    assert "no record" not in classroom("status").out and "no record" not in classroom("finish").out and not swept


def test_a_class_that_was_moved_meanwhile(classroom: Classroom) -> None:
    found = Class(classroom.folder)
    classroom.folder.rename(classroom.folder.with_name("moved"))
    with pytest.raises(CannotRun, match="the class was moved or removed"):
        found.book.begin_action("check", LAB)
    found.book.close()


def test_who_has_left_is_finished_with_the_others(classroom: Classroom, tmp_path: Path) -> None:
    classroom("start", LAB)
    (tmp_path / "other.csv").write_text("id,name\n2026001,Anna\n")
    done = classroom("roster", str(tmp_path / "other.csv"), "--accept")
    assert "kvmlab class finish --student 2026002" in done.out
    assert rows(classroom("status"))["2026002"].endswith("(in the class no more)")
    assert list(rows(classroom("check", LAB))) == ["2026001"]
    assert classroom("check", LAB, "--student", "2026002").status == 2
    assert rows(classroom("finish", "--student", "2026002")) == {"2026002": f"✓ {LAB}: finished"}
    assert list(rows(classroom("finish"))) == ["2026001"] == list(rows(classroom("status")))


def test_nobody_is_forgotten_while_somebody_acts_for_students(classroom: Classroom) -> None:
    tag = Class(classroom.folder).tag
    with classroom.state.lock(f"class-{tag}-students", shared=True):
        assert classroom("start", LAB).status == 0
        done = classroom("forget", "2026001")
        assert done.status == 3 and "Somebody is at work" in done.err and list(rows(classroom("status"))) == [
            "2026001", "2026002",
        ]  # fmt: skip
    with classroom.state.lock(f"class-{tag}-students"):
        done = classroom("start", LAB)
        assert done.status == 3 and "`kvmlab class forget` is at work" in done.err


def test_who_is_forgotten_is_at_work_no_more(classroom: Classroom) -> None:
    """A kvmlab of theirs that ends when it is hung up on, one that does not, and what is not theirs."""
    own, other = classroom.student("2026001"), classroom.student("2026002")
    for state in (own, other):
        _ = state.labs
    plain, deaf = (
        "import time; time.sleep(600)",
        "import signal, time; signal.signal(1, signal.SIG_IGN); time.sleep(600)",
    )
    programs = [(own, plain), (own, deaf), (other, plain)]
    there = [
        subprocess.Popen(
            [sys.executable, "-c", code, "-m", "kvmlab"], env={**os.environ, "KVMLAB_STATE": str(state.root)}
        )
        for state, code in programs
    ]
    try:
        assert until(lambda: len(kvmlabs_of(own.root)) == 2)
        time.sleep(0.5)  # the deaf one has to say so
        done = classroom("forget", "2026001")
        assert "removed: what they were at: 2 kvmlabs" in done.out and not own.root.exists()
        assert [one.wait(1) for one in there[:2]] == [-signal.SIGHUP, -signal.SIGKILL]
        assert there[2].poll() is None
    finally:
        for one in there:
            one.kill()
            one.wait()
