"""A student with a code comes in by browser, starts a lab, types on the lab host, sees the map and a screen, leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kvmlab.paths import State
from tests.classroom.door.conftest import School, made_for_lab_hosts, soon
from tests.page.classroom.conftest import Line, Visitor

ANNA, BO, LAB = "2026001", "2026002", "principles-cpu"


@pytest.fixture
def school(tmp_path: Path, shared_state: State) -> Iterator[School]:
    yield from made_for_lab_hosts(tmp_path, shared_state, ANNA)


def until(line: Line, holds: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    """The first thing told for which it holds."""
    while True:
        told: dict[str, object] = json.loads(line.recv())
        if holds(told):
            return told


def shown(line: Line, wanted: bytes) -> bytes:
    """All that the terminal prints until this is in it."""
    found = b""
    while wanted not in found:
        piece = line.recv()
        found += piece if isinstance(piece, bytes) else b""
    return found


@pytest.mark.guest
def test_from_the_code_to_the_lab_host(school: School) -> None:
    opened = school.open(0, "--page", "0", "--server", "localhost")
    anna, bo = Visitor(opened.page), Visitor(opened.page)
    anna.login(ANNA, school.codes(ANNA)[0])
    bo.login(BO, school.codes(BO)[0])
    asked = {"lang": "en", "lab": LAB}
    with anna.socket(f"/ws/lab/en/{LAB}") as line:
        until(line, lambda told: told["lab"]["state"] == "none")  # type: ignore[index]
        assert anna.post("/api/act", {**asked, "verb": "start"})[0] == 200
        told = until(line, lambda told: "report" in told["lab"])  # type: ignore[operator]
        assert told["lab"]["report"]["verdict"] == "failed"  # type: ignore[index]
    with anna.socket(f"/ws/terminal/en/{LAB}/shell-1", "since=0&id=") as line:
        shown(line, b"# ")
        line.send(b"id -u; hostname; tty; virsh list --name; echo e''nd\r")
        seen = shown(line, b"end\r\n")
        assert b"0\r\nkvmhost\r\n" in seen and b"web1" in seen
    names = {one["name"] for one in anna.post("/api/map", asked)[1]["domains"]}
    assert "web1" in names
    assert bo.post("/api/map", asked)[0] == 409
    with bo.socket(f"/ws/terminal/en/{LAB}/shell-1", "since=0&id=") as line:
        assert b"has not been started" in shown(line, b"kvmlab start")
    assert anna.post("/api/logout", {"lang": "en"})[0] == 200
    assert soon(lambda: not school.processes(ANNA))
    assert f"{LAB}: running" in school.run("status").stdout, "the lab host stays"
