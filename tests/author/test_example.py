"""A course as a stranger writes it after labs/README.md: nothing is to be said about it, and it is proved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.author.lint import lint
from kvmlab.course import Course
from tests.conftest import Kvmlab

EXAMPLE = Path(__file__).with_name("example")


def test_lint_has_nothing_to_say() -> None:
    """No error and no warning: the lab, its Chinese, its checker and solutions, and the book."""
    assert lint(Course.load(EXAMPLE), []) == []


@pytest.mark.guest
@pytest.mark.xdist_group("proof")
def test_it_is_proved(kvmlab: Kvmlab) -> None:
    """All seven; no guest is needed for it."""
    done = kvmlab("--course", str(EXAMPLE), "prove", "--json", "--jobs", "4", timeout_s=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["outcome"] == "proved"
    assert kvmlab.containers() == []
