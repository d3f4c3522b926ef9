"""Guests have the right time after their memory lay saved, and after this computer slept."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.conftest import Kvmlab

LAB = "network-bridge"
AGE_S = 30  # more than a guest's clock may be off, so that one that was not set is seen
pytestmark = pytest.mark.guest


def test_a_restored_guest_has_the_right_time(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0  # now it is saved, at some time before this moment
    time.sleep(AGE_S)
    done = kvmlab("reset", LAB)
    assert done.returncode == 0, done.stderr
    before = time.time()
    said = kvmlab("exec", LAB, "--guest", "web1", "--", "date", "+%s")
    assert before - 2 <= int(said.stdout) <= time.time() + 2


def test_guests_learn_that_the_computer_slept(kvmlab: Kvmlab) -> None:
    """In a time namespace whose CLOCK_MONOTONIC is two minutes behind: so it is after a sleep (time_namespaces(7))."""
    assert kvmlab("start", LAB).returncode == 0
    assert "slept" not in kvmlab("status").stdout
    kvmlab("exec", LAB, "--guest", "web1", "--", "sh", "-c", "date -s @$(($(date +%s) - 7200))")

    def after_sleep(*argv: str) -> str:
        command = ["unshare", "--time", "--fork", "--monotonic=-120", sys.executable, "-m", "kvmlab", *argv]
        done = subprocess.run(command, env=kvmlab.environ(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert f"kvmlab start --resume {LAB}" in after_sleep("status")
    assert "clocks" in after_sleep("start", "--resume", LAB)
    said = kvmlab("exec", LAB, "--guest", "web1", "--", "date", "+%s")
    assert time.time() - 30 <= int(said.stdout) <= time.time() + 2
    assert "slept" not in after_sleep("status")
