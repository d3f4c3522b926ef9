"""A process is told from every other: from one that had its number before, or in another boot."""

from __future__ import annotations

import os
import subprocess

import pytest

from kvmlab.process import has_ended, identity, number


def test_a_process_that_runs_and_then_does_not() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        word = identity(process.pid)
        assert has_ended(word) is False
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has asked for its status yet
        assert has_ended(word) is True
    assert has_ended(word) is True
    assert identity(process.pid) == ""


def test_the_same_number_in_another_boot_or_with_another_start_is_another_process() -> None:
    boot, namespace, pid, started = identity(os.getpid()).split("/")
    assert has_ended("/".join((boot, namespace, pid, started))) is False
    assert has_ended("/".join((boot, namespace, pid, f"{started}0"))) is True
    assert has_ended("/".join(("another", namespace, pid, started))) is True


def test_the_number_is_in_the_word() -> None:
    assert number(identity(os.getpid())) == os.getpid()
    assert number("") == number("a/b") == number("a/b/c/d") == 0


@pytest.mark.parametrize("word", ["", "/", "a/b/c/d/e", "x"])
def test_what_names_no_process_tells_nothing(word: str) -> None:
    assert has_ended(word) is None


def test_from_another_namespace_nothing_is_told() -> None:
    boot, namespace, pid, started = identity(os.getpid()).split("/")
    assert has_ended("/".join((boot, f"{namespace}0", pid, started))) is None
