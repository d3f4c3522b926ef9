"""list and show, as a student types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.cli.context import own_course
from kvmlab.course import Course, ProgressStore
from tests.course.conftest import EXAMPLE, Ask

LAB = Course.load(EXAMPLE).lab("net-bridge")


def test_list_before_anything_was_done(ask: Ask) -> None:
    assert (
        ask("list")
        == """\
An example course  ▱▱▱▱▱▱▱▱▱▱  0 of 2 labs, 0 of 9 points

Networks  quiz 0/4
  ◦ net-bridge   A bridge to the LAN            30 min  0/5

Disks
  ◦ disk-attach  A second disk (not ready yet)  20 min  0/4

  kvmlab show LAB    what a lab asks for
  kvmlab start LAB   a lab host with the lab on it
"""
    )


def test_list_says_what_is_done_running_and_solved(
    ask: Ask, progress: ProgressStore, record: Callable[..., Path]
) -> None:
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


def test_list_json(ask: Ask, progress: ProgressStore) -> None:
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


def test_show_has_the_hints_given_and_the_explanation_of_what_has_passed(ask: Ask, progress: ProgressStore) -> None:
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


def test_show_json_keeps_what_is_not_open_yet(ask: Ask, progress: ProgressStore) -> None:
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


@pytest.mark.parametrize(
    ("variant", "meant"),
    [
        ("ful", True),
        ("ful+7", True),
        ("Full", True),
        ("full", False),
        ("full+7", False),
        ("zhang-wei", False),
        ("20261127", False),
    ],
)
def test_a_seed_that_is_nearly_the_name_of_a_variant_is_said_to_be_a_seed(
    told: Callable[..., tuple[int, str, str]], variant: str, meant: bool
) -> None:
    status, out, error = told("show", "network-bridge", "--text", "--variant", variant, course=own_course())
    assert (status, bool(out)) == (0, True)
    assert ("Did you mean `--variant full`?" in error) is meant
    assert bool(error) is meant


@pytest.mark.parametrize(("variant", "of_another"), [("full", True), ("full+7", True), ("ful", False), ("wang", False)])
def test_the_name_of_another_labs_variant_is_said_to_be_a_seed(
    told: Callable[..., tuple[int, str, str]], variant: str, of_another: bool
) -> None:
    status, out, error = told("show", "network-nat", "--text", "--variant", variant, course=own_course())
    assert (status, bool(out)) == (0, True)
    assert ("network-nat has no variant called `full`, which is one of network-bridge:" in error) is of_another
    assert bool(error) is of_another


def test_a_lab_without_such_names_takes_any_seed(told: Callable[..., tuple[int, str, str]]) -> None:
    status, _, error = told("show", "net-bridge", "--variant", "ful")
    assert (status, error) == (0, "")
