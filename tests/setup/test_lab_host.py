"""What start waits for on the lab host."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import HostRoot
from kvmlab.setup.lab_host import _prepared


def answering(root: Path) -> Path:
    """Where `prepare` answers in a lab host with this root."""
    folder = root / "run/kvmlab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_an_answer_that_is_opened_and_not_yet_written_is_waited_for(tmp_path: Path) -> None:
    answer = answering(tmp_path) / "prepared"
    answer.touch()
    late = threading.Timer(0.2, answer.write_text, ["done\n"])
    late.start()
    _prepared(HostRoot(tmp_path), Silence(10))
    late.join()
    assert answer.read_text() == "done\n"


def test_a_failed_preparation_is_told_in_its_own_words(tmp_path: Path) -> None:
    (answering(tmp_path) / "prepare.err").write_text("ip: no such device\n")
    (answering(tmp_path) / "prepared").write_text("failed\n")
    with pytest.raises(CannotRun, match="ip: no such device"):
        _prepared(HostRoot(tmp_path), Silence(10))


def test_a_host_that_says_nothing_did_not_answer(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="did not answer"):
        _prepared(HostRoot(tmp_path), Silence(0.1))
