"""Students' computers with an sshd each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom.machines.computers import Computers, serving


@pytest.fixture
def computers(tmp_path: Path) -> Iterator[Computers]:
    (tmp_path / "computers").mkdir()
    yield from serving(tmp_path / "computers")
