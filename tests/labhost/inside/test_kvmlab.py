"""kvmlab on a lab host: what it asks the one outside, and what it makes of the answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.labhost.inside.programs import load

kvmlab = load("kvmlab")


class Outside:
    """The kvmlab outside: remembers what it is asked, and says `answers`."""

    def __init__(self, path: Path) -> None:
        self.asked: dict[str, Any] = {}
        self.answers: list[dict[str, object]] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        peer, _ = self._listener.accept()
        with peer, peer.makefile("rw", encoding="utf-8") as stream:
            self.asked = json.loads(stream.readline())
            stream.write("".join(json.dumps(answer) + "\n" for answer in self.answers))


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    monkeypatch.setattr(kvmlab, "SOCKET", str(tmp_path / "ask.sock"))
    yield Outside(tmp_path / "ask.sock")


def test_what_the_one_outside_says_is_shown(
    outside: Outside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KVMLAB_LANG", "zh")
    outside.answers = [{"out": "one\n"}, {"err": "but\n"}, {"out": "two\n"}, {"exit": 1}]
    assert kvmlab.main(["check", "--all"]) == 1
    assert capsys.readouterr() == ("one\ntwo\n", "but\n")
    assert (outside.asked["argv"], outside.asked["lang"]) == (["check", "--all"], "zh")


def test_the_one_outside_may_end(outside: Outside, capsys: pytest.CaptureFixture[str]) -> None:
    outside.answers = [{"out": "one\n"}]
    assert kvmlab.main(["hint"]) == 3
    assert capsys.readouterr() == ("one\n", "kvmlab: the kvmlab outside has gone.\n")


@pytest.mark.parametrize("argv", [[], ["reset"], ["--help"]])
def test_other_verbs_are_not_for_here(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert kvmlab.main(argv) == 2
    assert capsys.readouterr().err == "kvmlab inside a lab host: check | hint | show | status\n"


def test_where_nobody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kvmlab, "SOCKET", str(tmp_path / "none.sock"))
    assert kvmlab.main(["check"]) == 3
    assert "→ enter with: kvmlab shell LAB" in capsys.readouterr().err
