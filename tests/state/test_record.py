"""Records: whole or not at all, set aside and never lost, those of a later kvmlab left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kvmlab.errors import CannotRun
from kvmlab.state import record

DOCUMENT = {"lab": "net-bridge", "passed": ["网桥", "\udc80\x9b"], "points": 3}


EMPTY: dict[str, Any] = {}


def table(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("not a table")
    return data


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    assert record.load(path) is None and record.read(path, table, EMPTY) == {}
    record.write(path, DOCUMENT)
    assert record.load(path) == DOCUMENT == record.read(path, table, EMPTY)
    assert path.stat().st_mode & 0o777 == 0o600 and os.listdir(tmp_path) == ["one.json"]  # noqa: PTH208


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff\xfe", "[]", "null", '{"format": 1'])
def test_a_damaged_one_is_set_aside_as_it_is(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.json"
    for number in (1, 2):
        path.write_text(text, encoding="latin-1")
        assert record.read(path, table, {"empty": True}) == {"empty": True}
        assert path.with_name(f"one.json.broken-{number}").read_text(encoding="latin-1") == text
    assert not path.exists() and "is damaged; it was set aside as one.json.broken-1." in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "null", "[" * 100_000, "\xff\xfe"])
def test_load_says_that_it_is_damaged_and_leaves_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(record.DamagedError):
        record.load(path)
    assert path.exists()


def test_one_of_a_later_kvmlab_is_neither_read_nor_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"format": 2, "points": "many"}), encoding="utf-8")
    with pytest.raises(CannotRun, match=r"one\.json was written by a newer version of kvmlab") as error:
        record.read(path, table, EMPTY)
    assert error.value.todo == "kvmlab --version" and path.exists()
    with pytest.raises(record.NewerError):
        record.load(path)
    path.write_text(json.dumps({"format": 1, "points": 3}), encoding="utf-8")
    assert record.read(path, table, EMPTY)["points"] == 3


def test_one_that_cannot_be_read_is_an_error_with_a_command(tmp_path: Path) -> None:
    folder = tmp_path / "one.json"
    folder.mkdir()
    with pytest.raises(CannotRun, match=r"one\.json cannot be read: Is a directory"):
        record.read(folder, table, EMPTY)
    with pytest.raises(OSError, match="Is a directory"):
        record.load(folder)


def test_where_it_cannot_be_written_the_one_before_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is known to fsync(2) at the latest."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "one.json"
    record.write(path, DOCUMENT)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotRun, match="No space left"):
        record.write(path, {})
    assert record.load(path) == DOCUMENT and os.listdir(tmp_path) == ["one.json"]  # noqa: PTH208
