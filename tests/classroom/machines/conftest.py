"""Students' computers with an sshd each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.classroom.machines import ansible
from tests.classroom.machines.computers import Computers, serving


@pytest.fixture
def computers(tmp_path: Path) -> Iterator[Computers]:
    (tmp_path / "computers").mkdir()
    yield from serving(tmp_path / "computers")


@pytest.fixture(autouse=True)
def without_ansible(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inventories are read by kvmlab alone, which is quicker; tests/classroom/machines/test_ansible.py has Ansible."""
    if request.node.module.__name__.rpartition(".")[2] != "test_ansible":
        monkeypatch.setattr(ansible, "program", lambda: None)
