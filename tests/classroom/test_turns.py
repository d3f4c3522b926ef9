"""The line for lab hosts' starts: in the order in which they came, whatever one of them does."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.classroom import turns as turns_module
from kvmlab.classroom.turns import Turns
from tests.classroom.door.conftest import soon


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "LOOK_S", 0.02)


class Line:
    """Students in a line of that width; each has the turn until `ends` says so."""

    def __init__(self, folder: Path, width: int) -> None:
        self._folder, self._width = folder, width
        self.have: list[str] = []
        self.before: dict[str, int] = {}
        self._ends: dict[str, threading.Event] = {}

    def comes(self, name: str) -> None:
        """A student, "anna", at a terminal of theirs, "anna 2"; it is in the line when this returns."""
        self._ends[name], seen = threading.Event(), threading.Event()

        def waiting(before: int) -> None:
            self.before[name] = before
            seen.set()

        def wait() -> None:
            with Turns(self._folder, self._width).turn(name.split()[0], waiting):
                self.have.append(name)
                seen.set()
                self._ends[name].wait(60)
                self.have.remove(name)

        threading.Thread(target=wait, daemon=True).start()
        assert seen.wait(60)

    def ends(self, name: str, holds: Callable[[], bool]) -> None:
        """It does; then this holds soon."""
        self._ends[name].set()
        assert soon(holds), self.have


def test_who_asks_again_and_again_has_one_turn_at_a_time(tmp_path: Path) -> None:
    """Anna has pasted a page of `reset` at three terminals: Bo goes beside her, and Cy before her next but one."""
    line = Line(tmp_path / "line", 2)
    for one in ("anna 1", "anna 2", "bo", "cy", "anna 3"):
        line.comes(one)
    assert line.have == ["anna 1", "bo"]
    assert (line.before["anna 2"], line.before["cy"]) == (1, 1)
    line.ends("bo", lambda: line.have == ["anna 1", "cy"])
    line.comes("bo again")
    line.ends("anna 1", lambda: line.have == ["cy", "anna 2"])
    line.ends("cy", lambda: line.have == ["anna 2", "bo again"])
    line.ends("bo again", lambda: line.have == ["anna 2"])
    line.ends("anna 2", lambda: line.have == ["anna 3"])
    line.ends("anna 3", lambda: line.have == [] and list((tmp_path / "line").iterdir()) == [])


DIES = """
import os, sys
from pathlib import Path
from kvmlab.classroom.turns import Turns
with Turns(Path(sys.argv[1]), 1).turn("anna", print):
    os.kill(os.getpid(), 9)
"""


def test_whoever_dies_has_no_place(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path / "line")])
    assert died.returncode == -9 and len(list((tmp_path / "line").iterdir())) == 1
    waited: list[int] = []
    with Turns(tmp_path / "line", 1).turn("bo", waited.append):
        assert waited == []
