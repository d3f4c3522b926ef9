"""status and the overview: what runs, also where its record is damaged."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.course import Course, ProgressStore
from kvmlab.process import identity
from tests.course.conftest import EXAMPLE, Ask

LAB = Course.load(EXAMPLE).lab("net-bridge")
HOSTILE_VARIANT = b'{"lab": "net-bridge", "state": "running", "variant": "../x"}'


def test_status_without_anything_running(ask: Ask) -> None:
    assert ask("status") == "No lab is running.\n  kvmlab        what next\n  kvmlab list   all labs\n"
    assert json.loads(ask("status", "--json")) == {"schema": "kvmlab.status/1", "labs": []}


def test_status_of_what_runs(ask: Ask, record: Callable[..., Path], progress: ProgressStore) -> None:
    record(started="2026-11-23T10:15:00+00:00")
    progress.checked(LAB, {"bridge": ("passed", 2)})
    progress.hint_given("net-bridge", "uplink", 1)
    out = ask("status")
    assert re.match(r"▸ net-bridge  running( for [0-9].*)? +2/5 points\n", out)
    assert "  ✓ bridge  Make the bridge" in out
    assert "  ◦ uplink  Move the NIC into br0  1 hint   3\n" in out
    assert "  kvmlab check net-bridge   see how far you are\n" in out
    found = json.loads(ask("status", "--json"))["labs"][0]
    assert (found["id"], found["state"], found["points"], found["next"]) == (
        "net-bridge",
        "running",
        2,
        "kvmlab shell net-bridge",
    )
    assert found["tasks"][1] == {
        "id": "uplink",
        "title": "Move the NIC into br0",
        "passed": False,
        "max_points": 3,
        "hints": 1,
    }


def test_what_runs_has_the_values_it_was_started_with_in_either_language(ask: Ask, record: Callable[..., Path]) -> None:
    record(variant="zhang")
    bridge = Course.load(EXAMPLE).lab("net-bridge", "en", "zhang").values["bridge"]
    assert f"Move the NIC into {bridge}" in ask("status")
    assert f"把网卡接到 {bridge}" in ask("--lang", "zh", "status")
    assert f"把网卡接到 {bridge}" in ask("--lang", "zh", "status", "--json")
    assert "variant zhang" in ask("status")


@pytest.mark.parametrize(
    ("state", "word", "command"),
    [
        ("starting", "start was interrupted", "kvmlab reset net-bridge"),
        ("stopping", "finish was interrupted", "kvmlab finish net-bridge"),
    ],
)
def test_status_of_what_was_interrupted(
    ask: Ask, record: Callable[..., Path], state: str, word: str, command: str
) -> None:
    record(state=state)
    out = ask("status")
    assert word in out
    assert f"  {command}   " in out
    assert word in ask()


def test_a_lab_host_that_no_longer_runs(ask: Ask, record: Callable[..., Path]) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        record(init=identity(process.pid))
        assert "  running" in ask("status")
        process.communicate()
    out = ask("status")
    assert "▹ net-bridge  its lab host no longer runs" in out
    assert "  kvmlab start --resume net-bridge   the same lab host again, as it was\n" in out
    assert "start --resume net-bridge" in ask()
    found = json.loads(ask("status", "--json"))["labs"][0]
    assert (found["state"], found["next"]) == ("stopped", "kvmlab start --resume net-bridge")
    assert "▹ no longer runs" in ask("list")
    assert "kvmlab start --resume net-bridge" in ask("show", "net-bridge")
    assert json.loads(ask("show", "net-bridge", "--json"))["running"] is False


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'{"lab": "net-bridge"}',
        b"[" * 100_000,
        b'{"state": ["x"]}',
        HOSTILE_VARIANT,
    ],
)
def test_a_damaged_record_is_said_and_can_be_reset(ask: Ask, record: Callable[..., Path], garbage: bytes) -> None:
    record().write_bytes(garbage)
    assert "its record is damaged" in ask("status")
    assert json.loads(ask("status", "--json"))["labs"][0]["state"] == "damaged"
    assert "  kvmlab reset net-bridge   throw it away and start again\n" in ask()
    assert "A bridge to the LAN" in ask("show", "net-bridge")


@pytest.mark.parametrize(
    "other",
    [
        {"compiled": {}},
        {"compiled": None},
        {"compiled": {"tasks": 7}},
        {"started": None},
        {"started": "yesterday"},
        {"started": "2026-11-23T10:15:00"},
        {"started": "9999-01-01T00:00:00Z"},
        {"instance": [], "container": 7},
        {"init": 7},
        {"init": "//"},
    ],
)
def test_a_record_with_holes_still_says_what_runs(ask: Ask, record: Callable[..., Path], other: dict[str, Any]) -> None:
    record(**other)
    for argv in (("status",), ("status", "--json"), ("list",), ("show", "net-bridge"), ("hint", "net-bridge"), ()):
        assert "net-bridge" in ask(*argv)


def test_the_overview_at_the_beginning(ask: Ask) -> None:
    assert (
        ask()
        == """\
An example course
▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱  0 of 2 labs, 0 of 9 points
▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱  0 of 4 questions of the quizzes

What next
  kvmlab start net-bridge   a lab host with the lab on it
  kvmlab show net-bridge    what the lab asks for
  kvmlab list               all labs
  kvmlab doctor             whether this computer can
"""
    )


def test_the_overview_while_a_lab_runs_and_after_the_last(
    ask: Ask, record: Callable[..., Path], progress: ProgressStore
) -> None:
    path = record()
    out = ask()
    assert "▸ net-bridge  A bridge to the LAN\n" in out
    assert "  next task: bridge  Make the bridge\n" in out
    assert "What next\n  kvmlab shell net-bridge   work on it\n" in out
    progress.checked(LAB, {"bridge": ("passed", 2), "uplink": ("passed", 3)})
    assert "What next\n  kvmlab finish net-bridge   remove the lab host; your progress is kept\n" in ask()
    path.unlink()
    assert "all labs: you have done every one of them" in ask()


def test_what_a_lab_host_is_held_to(ask: Ask, record: Callable[..., Path], progress: ProgressStore) -> None:
    from kvmlab.labhost.computer.findings import PODMAN, remember

    record()
    assert "held to" not in ask("status")
    remember(progress._state, PODMAN, {}, {"limits": {"memory": 4096, "processes": 300}})
    assert "  held to 4096 MiB of memory, 300 processes\n" in ask("status")
    assert "  上限：内存 4096 MiB、300 个进程\n" in ask("--lang", "zh", "status")
