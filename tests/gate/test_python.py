"""The Python of the whole repository, as linters, the formatter and the type checker see it."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.gate.programs import REPOSITORY, programs

GATES = {
    "lint": "ruff check",  # what may be written: pyproject.toml has the rules
    "format": "ruff format --check",  # `ruff format` mends it
    "types": "mypy",
    "types of the lab host's kvmlab": "mypy kvmlab/labhost/inside/kvmlab",  # a second module of this name
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())
def test_nothing_to_find(gate: str) -> None:
    """It ends well; else what it found is shown."""
    done = subprocess.run([sys.executable, "-m", *gate.split()], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_program_is_forgotten() -> None:
    """What begins as a Python program does is linted and typed as one, whatever its name."""
    found = {name for name, interpreter in programs() if "python" in interpreter and not name.endswith(".py")}
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    typed = {*settings["mypy"]["files"], *" ".join(GATES.values()).split()}
    assert found and set(settings["ruff"]["extend-include"]) == found <= typed
