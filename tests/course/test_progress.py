"""Progress: never lost, never counted for what kvmlab solved itself, damaged files set aside."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path

import pytest

from kvmlab.course import Course, LabProgress, ProgressStore
from kvmlab.errors import CannotRun, UsageError
from kvmlab.paths import State
from tests.course.conftest import EXAMPLE

ALL = {"bridge": "passed", "uplink": "passed"}


@pytest.fixture
def progress(state: State) -> ProgressStore:
    return ProgressStore(state, "example")


POINTS = {"bridge": 2, "uplink": 3}


def check(progress: ProgressStore, **tasks: str) -> LabProgress:
    lab = Course.load(EXAMPLE).lab("net-bridge")
    return progress.checked(lab, {task: (found, POINTS[task] * (found == "passed")) for task, found in tasks.items()})


def test_nothing_yet_is_all_zero_and_writes_nothing(progress: ProgressStore, state: State) -> None:
    assert progress.lab("net-bridge") == LabProgress("net-bridge")
    assert not state.root.exists()


def test_a_check_is_kept(progress: ProgressStore) -> None:
    check(progress, bridge="passed", uplink="failed")
    found = progress.lab("net-bridge")
    assert (found.passed, found.points, found.best_points, found.checks, found.done) == (("bridge",), 2, 2, 1, "")
    assert found.checked.endswith("Z")


def test_the_best_result_stays_when_a_later_one_is_worse(progress: ProgressStore) -> None:
    check(progress, **ALL)
    done = progress.lab("net-bridge").done
    check(progress, bridge="failed", uplink="error")
    found = progress.lab("net-bridge")
    assert (found.best_points, found.points, found.passed, found.done) == (5, 0, (), done)
    assert done


def test_checking_one_task_leaves_the_others(progress: ProgressStore) -> None:
    check(progress, bridge="passed", uplink="failed")
    check(progress, uplink="passed")
    found = progress.lab("net-bridge")
    assert (found.passed, found.points, found.max_points) == (("bridge", "uplink"), 5, 5)
    assert found.done


def test_one_task_alone_does_not_make_a_lab_done(progress: ProgressStore) -> None:
    check(progress, bridge="passed")
    found = progress.lab("net-bridge")
    assert (found.verdict, found.points, found.max_points, found.done) == ("failed", 2, 5, "")


def test_part_of_a_task_s_points_count(progress: ProgressStore) -> None:
    progress.checked(Course.load(EXAMPLE).lab("net-bridge"), {"bridge": ("passed", 2), "uplink": ("failed", 1)})
    found = progress.lab("net-bridge")
    assert (found.points, found.best_points, found.passed) == (3, 3, ("bridge",))


def test_a_reset_begins_a_new_run_and_keeps_the_rest(progress: ProgressStore) -> None:
    check(progress, **ALL)
    progress.hint_given("net-bridge", "bridge", 2)
    found = progress.began("net-bridge")
    assert (found.passed, found.points, found.best_points, found.hints) == ((), 0, 5, {"bridge": 1})
    assert found.done
    assert found.started


def test_what_kvmlab_solved_is_not_the_student_s(progress: ProgressStore) -> None:
    progress.began("net-bridge")
    progress.solved("net-bridge")
    check(progress, **ALL)
    found = progress.lab("net-bridge")
    assert (found.passed, found.points, found.best_points, found.done) == (("bridge", "uplink"), 5, 0, "")
    progress.began("net-bridge")
    check(progress, **ALL)
    found = progress.lab("net-bridge")
    assert (found.best_points, found.solved, found.solved_ever) == (5, False, True)
    assert found.done


def test_hints_one_more_each_time_then_none(progress: ProgressStore) -> None:
    assert [progress.hint_given("net-bridge", "bridge", 2) for _ in range(4)] == [1, 2, 0, 0]
    assert progress.hint_given("net-bridge", "uplink", 0) == 0
    assert progress.lab("net-bridge").hints == {"bridge": 2}


GARBAGE = [
    b"",
    b"{",
    b'{"lab": "net-bridge", "best_po',
    b"null",
    b"[]",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"best_points": "4"}',
    b'{"earned": {"a": "1"}}',
    b'{"hints": {"a": -1}}',
    b'{"hints": {"a": true}}',
    b'{"hints": []}',
    b'{"passed": [1]}',
    b'{"passed": "all"}',
    b'{"solved": 1}',
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_damaged_file_is_set_aside_with_a_word(
    progress: ProgressStore, garbage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    check(progress, **ALL)
    path = progress.folder / "net-bridge.json"
    for number in (1, 2):
        path.write_bytes(garbage)
        assert progress.lab("net-bridge") == LabProgress("net-bridge")
        assert (progress.folder / f"net-bridge.json.broken-{number}").read_bytes() == garbage
        assert f"is damaged; it was set aside as net-bridge.json.broken-{number}." in capsys.readouterr().err
    assert not path.exists()
    check(progress, **ALL)
    assert progress.lab("net-bridge").best_points == 5


def test_unknown_fields_of_a_later_kvmlab_do_no_harm(progress: ProgressStore) -> None:
    check(progress, **ALL)
    path = progress.folder / "net-bridge.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "stars": 3}), encoding="utf-8")
    assert progress.lab("net-bridge").best_points == 5


def test_a_file_that_cannot_be_read_is_not_taken_for_damaged(progress: ProgressStore) -> None:
    (progress.folder / "net-bridge.json").mkdir(parents=True)
    with pytest.raises(CannotRun, match=r"cannot be read: Is a directory\.") as caught:
        progress.lab("net-bridge")
    assert caught.value.todo.startswith("ls -l ")


def test_only_this_user_may_read_it(progress: ProgressStore) -> None:
    check(progress, **ALL)
    path = progress.folder / "net-bridge.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(progress.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "x" * 300, "a\nb", "网络"])
def test_a_hostile_id_never_becomes_a_path(progress: ProgressStore, name: str) -> None:
    for ask in (progress.lab, progress.began, progress.solved):
        with pytest.raises(UsageError, match="No lab is called"):
            ask(name)


def _give(root: Path) -> None:
    for _ in range(25):
        ProgressStore(State(root), "example").hint_given("net-bridge", "bridge", 900)


def test_two_at_once_lose_nothing(progress: ProgressStore, state: State) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_give, args=(state.root,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert progress.lab("net-bridge").hints == {"bridge": 75}
    assert list(progress.folder.glob("*.broken-*")) == []
