"""A key for the SSH peers of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remote.servers import make_key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The look key of this test."""
    return make_key(tmp_path / "look_key")
