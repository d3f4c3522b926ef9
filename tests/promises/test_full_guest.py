"""network-bridge with a whole Debian as its guest: one of its right ways, drawn; `script/night` proves all of them."""

from __future__ import annotations

import random

import pytest

from kvmlab.course import Course
from kvmlab.course.lab.solution import SolutionKind
from tests.conftest import REPOSITORY, Kvmlab
from tests.promises.test_course import SEED

LAB = "network-bridge"


@pytest.mark.guest
def test_one_of_the_ways(kvmlab: Kvmlab) -> None:
    """Once it is done, every check passes, those about the next boot among them."""
    course = Course.load(REPOSITORY)
    found = course.solutions(course.lab(LAB, "en", "full"))
    way = random.Random(f"{SEED} full").choice([one.name for one in found if one.kind is not SolutionKind.NEAR])
    kvmlab.env.update(KVMLAB_PATIENCE="10", KVMLAB_VARIANT="full")
    for argv in (("start", LAB), ("solve", LAB, "--way", way), ("check", LAB, "--wait", "120")):
        done = kvmlab(*argv, timeout_s=1500)
        assert done.returncode == 0, f"KVMLAB_TEST_SEED={SEED} {way}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
