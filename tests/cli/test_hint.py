"""hint: one more each time, and which lab and task are meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course, ProgressStore
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE, Ask

LAB = Course.load(EXAMPLE).lab("net-bridge")


def test_hint_one_more_each_time_then_the_solution(ask: Ask) -> None:
    assert (
        ask("hint", "net-bridge")
        == """\
net-bridge bridge  Make the bridge                                   hint 1 of 2

  `brctl` and `ip` can both do it.

  kvmlab check net-bridge bridge   whether the task is done
  kvmlab hint net-bridge bridge    the next hint
"""
    )
    assert "    ip link add br0 type bridge stp_state 1\n" in ask("hint", "net-bridge")
    assert (
        ask("hint", "net-bridge")
        == """\
net-bridge bridge  Make the bridge

  All 2 hints have been given. What is left is to see the solution.

  kvmlab hint net-bridge bridge --again   the hints once more
  kvmlab check net-bridge bridge          whether the task is done
  kvmlab solve net-bridge                 have the solution carried out
"""
    )


def test_hint_is_for_the_first_task_that_has_not_passed(ask: Ask, progress: ProgressStore) -> None:
    progress.checked(LAB, {"bridge": ("passed", 2)})
    assert ask("hint", "net-bridge").startswith("net-bridge uplink  Move the NIC into br0")
    progress.checked(LAB, {"uplink": ("passed", 3)})
    assert ask("hint", "net-bridge").startswith("All tasks of net-bridge have passed")
    assert json.loads(ask("hint", "net-bridge", "--json"))["task"] is None


def test_hint_again_gives_no_new_one(ask: Ask, progress: ProgressStore) -> None:
    assert "No hint has been given for this task yet." in ask("hint", "net-bridge", "bridge", "--again")
    ask("hint", "net-bridge", "bridge")
    out = ask("hint", "net-bridge", "bridge", "--again")
    assert "hint 1 of 2" in out
    assert "hint 2 of 2" not in out
    assert progress.lab("net-bridge").hints == {"bridge": 1}


def test_hint_where_there_is_none(ask: Ask) -> None:
    assert "There is no hint for this task; its text says all." in ask("hint", "disk-attach")


def test_hint_json(ask: Ask) -> None:
    assert json.loads(ask("hint", "net-bridge", "uplink", "--json")) == {
        "schema": "kvmlab.hint/1",
        "lab": "net-bridge",
        "task": "uplink",
        "given": 1,
        "of": 1,
        "hints": [{"number": 1, "text": "An address belongs to the link that receives: the bridge."}],
    }
    again = json.loads(ask("hint", "net-bridge", "uplink", "--json"))
    assert (again["given"], again["of"], again["hints"]) == (1, 1, [])


def test_without_a_lab_the_one_that_runs_is_meant(ask: Ask, bare_kvmlab: Kvmlab, record: Callable[..., Path]) -> None:
    for verb in ("show", "hint"):
        done = bare_kvmlab("--course", str(EXAMPLE), verb)
        assert (done.returncode, done.stderr) == (
            2,
            "kvmlab: No lab is running; say which one you mean.\n  → kvmlab list\n",
        )
    record()
    assert ask("hint").startswith("net-bridge bridge")
    record("disk-attach")
    done = bare_kvmlab("--course", str(EXAMPLE), "hint")
    assert done.returncode == 2
    assert done.stderr == ("kvmlab: Several labs are running; say which: net-bridge, disk-attach.\n  → kvmlab status\n")


@pytest.mark.parametrize("verb", ["show", "hint"])
def test_an_unknown_lab_or_task(bare_kvmlab: Kvmlab, verb: str) -> None:
    done = bare_kvmlab("--course", str(EXAMPLE), verb, "net-brige")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("kvmlab: No lab is called `net-brige`. Did you mean `net-bridge`?\n  → kvmlab list\n")
    done = bare_kvmlab("--course", str(EXAMPLE), "hint", "net-bridge", "../uplink")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "kvmlab: net-bridge has no task `../uplink`. Did you mean `uplink`?\n  → kvmlab show net-bridge\n"
    )


def test_a_broken_lab_is_told_with_file_and_line(
    told: Callable[..., tuple[int, str, str]], copy: Path, edit: Callable[[str, str, str], Path]
) -> None:
    edit("labs/net/bridge/lab.md", "minutes = 30", "minutes = ")
    for verb in ("show", "hint"):
        status, out, error = told(verb, "net-bridge", course=copy)
        assert (status, out) == (2, "")
        assert error.startswith("kvmlab: labs/net/bridge/lab.md:3: TOML: Invalid value.\n")


def test_a_damaged_progress_file_is_said_on_standard_error(bare_kvmlab: Kvmlab, progress: ProgressStore) -> None:
    progress.began("net-bridge")
    (progress.folder / "net-bridge.json").write_bytes(b"{")
    done = bare_kvmlab("--course", str(EXAMPLE), "list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert "is damaged; it was set aside as net-bridge.json.broken-1." in done.stderr
