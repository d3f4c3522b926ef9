"""The Python of the whole repository, as linters, the formatter and the type checker see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
GATES = {
    "lint": "ruff check",  # what may be written: pyproject.toml has the rules
    "format": "ruff format --check",  # `ruff format` mends it
    "types": "mypy",
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())
def test_nothing_to_find(gate: str) -> None:
    """It ends well; else what it found is shown."""
    done = subprocess.run([sys.executable, "-m", *gate.split()], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
