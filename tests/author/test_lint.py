"""Every rule of lint finds what it is for, with file and line, and a sound lab has no faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kvmlab.author.lint import Severity, lint
from kvmlab.cli.context import own_course
from kvmlab.course import Course
from tests.author.planting import FILES, HERE, changes_of, path_of, plant, planted_in
from tests.conftest import Kvmlab

PLANTED = planted_in("planted.toml")


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: str(planted["name"]).replace(" ", "-"))
def test_finds(tmp_path: Path, planted: dict[str, Any]) -> None:
    """The planted fault is found where it was planted."""
    faults = lint(plant(tmp_path, *changes_of(planted)), [])
    if not planted["where"]:
        assert not faults
        return
    file, _, line = planted["where"].partition(":")
    found = [fault for fault in faults if planted["says"] in fault.message]
    assert (path_of(file), line) in [(fault.file, str(fault.line) if line else "") for fault in found], faults


def test_the_sound_lab_has_no_faults() -> None:
    """Nothing is said of a lab that is as it should be."""
    assert lint(Course.load(HERE), []) == []


def test_our_own_course_has_no_errors() -> None:
    """Every lab of the course this repository carries."""
    faults = lint(Course.load(own_course()), [])
    assert [fault.text() for fault in faults if fault.severity is Severity.ERROR] == []


def test_a_value_may_be_allowed(tmp_path: Path) -> None:
    """A comment says that a value is meant as it stands."""
    change = ("ip link set {{ bridge }} up", "ip link set br7 up  # lint: allow br7")
    course = plant(tmp_path, (FILES["solution"], *change))
    assert lint(course, []) == []


def test_statuses_and_json(tmp_path: Path, bare_kvmlab: Kvmlab) -> None:
    """0 clean, 1 with errors, 2 for a lab that is not there; --json is one document."""
    good = bare_kvmlab("--course", str(HERE), "lint", "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout) == {"schema": "kvmlab.lint/1", "errors": 0, "warnings": 0, "faults": []}
    plant(tmp_path, (FILES["checker"], "stp=True", "spt=True"))
    bad = bare_kvmlab("--course", str(tmp_path / "course"), "lint", "tiny-note", "--json")
    assert bad.returncode == 1
    assert {fault["rule"] for fault in json.loads(bad.stdout)["faults"]} == {"facts"}
    assert bare_kvmlab("--course", str(HERE), "lint", "tiny-nope").returncode == 2


def test_warnings_count_only_when_strict(tmp_path: Path, bare_kvmlab: Kvmlab) -> None:
    """A TODO is a warning."""
    plant(tmp_path, (FILES["solution"], "", "\nTODO: more\n"))
    argv = ("--course", str(tmp_path / "course"), "lint")
    assert bare_kvmlab(*argv).returncode == 0
    assert bare_kvmlab(*argv, "--strict").returncode == 1
