"""A guest that is restored from memory saved long ago has the right time when the start has ended."""

from __future__ import annotations

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
