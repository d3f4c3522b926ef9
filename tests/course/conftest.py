"""A small course of two labs, one of them unfinished, and a copy of it that a test may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course
from kvmlab.paths import State

EXAMPLE = Path(__file__).parent / "example"


@pytest.fixture
def example() -> Course:
    """The example course, compiled without a cache."""
    return Course.load(EXAMPLE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the example course."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "course"))


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An empty state directory."""
    return State(tmp_path / "state")


@pytest.fixture
def edit(copy: Path) -> Callable[[str, str, str], Path]:
    """Replace one text by another in a file of the copy."""

    def change(name: str, old: str, new: str) -> Path:
        path = copy / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return change
