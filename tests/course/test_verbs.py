"""list, show, hint, status, the overview: as a student types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.cli.main import main
from kvmlab.course import Course, Progress
from kvmlab.report.plain import cells
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

HOSTILE_VARIANT = b'{"lab": "net-bridge", "state": "running", "variant": "../x"}'
LAB = Course.load(EXAMPLE).lab("net-bridge")
SGR = re.compile(r"\x1b\[[0-9;]*m")
Ask = Callable[..., str]


@pytest.fixture
def told(
    bare_kvmlab: Kvmlab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a verb on the example course in this process: exit status, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith(("KVMLAB_", "LC_", "LANG", "NO_COLOR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KVMLAB_STATE", str(bare_kvmlab.state.root))

    def run(*argv: str, course: Path = EXAMPLE, columns: int = 80) -> tuple[int, str, str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        status = main(["--course", str(course), *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def ask(told: Callable[..., tuple[int, str, str]]) -> Ask:
    """What a verb prints; it has to succeed, in silence on standard error."""

    def run(*argv: str, course: Path = EXAMPLE, columns: int = 80) -> str:
        status, out, error = told(*argv, course=course, columns=columns)
        assert (status, error) == (0, "")
        return out

    return run


@pytest.fixture
def progress(bare_kvmlab: Kvmlab) -> Progress:
    return Progress(bare_kvmlab.state, "example")


@pytest.fixture
def record(bare_kvmlab: Kvmlab) -> Callable[..., Path]:
    """Write the record of a lab that runs, as environment/ does."""

    def write(lab_id: str = "net-bridge", *, variant: str | None = None, lang: str = "en", **other: Any) -> Path:
        lab = Course.load(EXAMPLE).lab(lab_id, lang, variant)
        folder = bare_kvmlab.state.labs / "example"
        folder.mkdir(exist_ok=True)
        data = {
            "lab": lab_id,
            "variant": variant,
            "instance": "i1",
            "container": "c1",
            "state": "running",
            "started": "2026-11-23T10:15:00+00:00",
            "compiled": lab.to_json(),
            **other,
        }
        path = folder / f"{lab_id}.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    return write


def test_list_before_anything_was_done(ask: Ask) -> None:
    assert (
        ask("list")
        == """\
An example course  ▱▱▱▱▱▱▱▱▱▱  0 of 2 labs, 0 of 9 points

Networks
  ◦ net-bridge   A bridge to the LAN            30 min  0/5

Disks
  ◦ disk-attach  A second disk (not ready yet)  20 min  0/4

  kvmlab show LAB    what a lab asks for
  kvmlab start LAB   a lab host with the lab on it
"""
    )


def test_list_says_what_is_done_running_and_solved(ask: Ask, progress: Progress, record: Callable[..., Path]) -> None:
    progress.checked(LAB, {"bridge": ("passed", 2), "uplink": ("passed", 3)})
    progress.solved("disk-attach")
    out = ask("list")
    assert "✓ net-bridge" in out
    assert "◌ disk-attach" in out
    assert "1 of 2 labs, 5 of 9 points" in out
    assert "✓ done   ◌ solution seen" in out
    record()
    assert "▸ net-bridge" in ask("list")


def test_list_shows_a_broken_lab_and_the_others(ask: Ask, copy: Path, edit: Callable[[str, str, str], Path]) -> None:
    edit("labs/disk/attach/lab.md", "minutes", "minuts")
    out = ask("list", course=copy)
    assert "disk-attach  labs/disk/attach/lab.md:3: `minuts` is not known here." in out
    assert "net-bridge   A bridge to the LAN" in out
    entry = json.loads(ask("list", "--json", course=copy))["chapters"][1]["labs"][0]
    assert entry["error"].startswith("labs/disk/attach/lab.md:3:")


def test_list_json(ask: Ask, progress: Progress) -> None:
    progress.checked(LAB, {"bridge": ("passed", 2)})
    found = json.loads(ask("list", "--json"))
    assert found["schema"] == "kvmlab.list/1"
    assert (found["points"], found["max_points"]) == (2, 9)
    lab = found["chapters"][0]["labs"][0]
    assert (lab["id"], lab["state"], lab["points"], lab["complete"], lab["error"]) == (
        "net-bridge",
        "begun",
        2,
        True,
        None,
    )
    assert lab["tasks"] == [
        {"id": "bridge", "max_points": 2, "passed": True},
        {"id": "uplink", "max_points": 3, "passed": False},
    ]


def test_show(ask: Ask) -> None:
    assert (
        ask("show", "net-bridge")
        == """\
A bridge to the LAN
net-bridge · 30 min · 5 points

The host web1 runs on has one NIC, ens33. The guest is to be reached from the
LAN.

  # ip -br link
  ## this is no heading

◦ 1. Make the bridge                                            bridge  2 points
  Make a bridge br0 with STP on.

◦ 2. Move the NIC into br0                                      uplink  3 points
  Make ens33 a port of br0 and move its address.

  kvmlab start net-bridge   a lab host with the lab on it
"""
    )


def test_show_has_the_hints_given_and_the_explanation_of_what_has_passed(ask: Ask, progress: Progress) -> None:
    progress.hint_given("net-bridge", "bridge", 2)
    before = ask("show", "net-bridge")
    assert "╭─ hint 1 of 2 ─" in before
    assert "can both do it" in before
    assert "stp_state" not in before
    assert "A bridge is a switch" not in before
    progress.checked(LAB, {"bridge": ("passed", 2)})
    after = ask("show", "net-bridge")
    assert "✓ 1. Make the bridge" in after
    assert "╭─ explanation ─" in after
    assert "A bridge is a switch inside the host." in after


def test_show_json_keeps_what_is_not_open_yet(ask: Ask, progress: Progress) -> None:
    progress.hint_given("net-bridge", "bridge", 2)
    raw = ask("show", "net-bridge", "--json")
    task = json.loads(raw)["tasks"][0]
    assert (task["hints"], task["hints_in_all"], task["explanation"]) == (["`brctl` and `ip` can both do it."], 2, None)
    assert "stp_state" not in raw
    assert "switch inside" not in raw


def test_show_of_what_runs_has_the_values_it_was_started_with(ask: Ask, record: Callable[..., Path]) -> None:
    record(variant="zhang")
    bridge = Course.load(EXAMPLE).lab("net-bridge", "en", "zhang").values["bridge"]
    assert bridge != "br0"
    assert f"Make a bridge {bridge} with STP on." in ask("show", "net-bridge")
    assert f"建立网桥 {bridge}，" in ask("--lang", "zh", "show", "net-bridge")
    assert f"Make a bridge {bridge} with STP on." in ask("show")


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


def test_hint_is_for_the_first_task_that_has_not_passed(ask: Ask, progress: Progress) -> None:
    progress.checked(LAB, {"bridge": ("passed", 2)})
    assert ask("hint", "net-bridge").startswith("net-bridge uplink  Move the NIC into br0")
    progress.checked(LAB, {"uplink": ("passed", 3)})
    assert ask("hint", "net-bridge").startswith("All tasks of net-bridge have passed")
    assert json.loads(ask("hint", "net-bridge", "--json"))["task"] is None


def test_hint_again_gives_no_new_one(ask: Ask, progress: Progress) -> None:
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


def test_status_without_anything_running(ask: Ask) -> None:
    assert ask("status") == "No lab is running.\n  kvmlab        what next\n  kvmlab list   all labs\n"
    assert json.loads(ask("status", "--json")) == {"schema": "kvmlab.status/1", "labs": []}


def test_status_of_what_runs(ask: Ask, record: Callable[..., Path], progress: Progress) -> None:
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

What next
  kvmlab start net-bridge   a lab host with the lab on it
  kvmlab show net-bridge    what the lab asks for
  kvmlab list               all labs
  kvmlab doctor             whether this computer can
"""
    )


def test_the_overview_while_a_lab_runs_and_after_the_last(
    ask: Ask, record: Callable[..., Path], progress: Progress
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


def test_a_damaged_progress_file_is_said_on_standard_error(bare_kvmlab: Kvmlab, progress: Progress) -> None:
    progress.began("net-bridge")
    (progress.folder / "net-bridge.json").write_bytes(b"{")
    done = bare_kvmlab("--course", str(EXAMPLE), "list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert "was damaged; it is kept as net-bridge.json.broken-1." in done.stderr


SCREENS = [("list",), ("show", "net-bridge"), ("hint", "net-bridge"), ("status",), ()]


@pytest.mark.parametrize("argv", SCREENS)
@pytest.mark.parametrize("columns", [60, 80, 100, 123, 124, 160, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_the_terminal(
    ask: Ask, record: Callable[..., Path], argv: tuple[str, ...], columns: int, lang: str
) -> None:
    record()
    for color in ("never", "always"):
        out = ask("--lang", lang, "--color", color, *argv, columns=columns)
        assert ("\x1b[" in out) is (color == "always")
        for line in SGR.sub("", out).split("\n"):
            assert cells(line) <= columns, line
            assert line == line.rstrip(" ")
            assert line.isprintable()


@pytest.mark.parametrize("argv", SCREENS)
def test_every_word_of_ours_has_its_chinese(ask: Ask, record: Callable[..., Path], argv: tuple[str, ...]) -> None:
    record("net-bridge", lang="zh")
    out = ask("--lang", "zh", *argv)
    out = re.sub(r"kvmlab [a-z-]+( LAB| net-bridge)?( [a-z]+)?|`[^`]+`|  (ip|#).*", "", out)
    words = set(re.findall(r"[A-Za-z]{3,}", out))
    assert words <= {"net", "bridge", "disk", "attach", "uplink", "kvmlab", "STP", "web", "ens", "second", "brctl"}


def test_no_color_and_dumb_terminals(bare_kvmlab: Kvmlab) -> None:
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[" not in bare_kvmlab("--course", str(EXAMPLE), "list", env=env).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_space_for_the_output_is_no_bug_of_ours(bare_kvmlab: Kvmlab) -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "kvmlab", "--course", str(EXAMPLE), "list"],
            env=bare_kvmlab.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 3
    assert process.stderr == "kvmlab: No space is left: No space left on device.\n  → df -h\n"
