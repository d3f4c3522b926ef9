"""What the repository has of programs, told by their first lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDERS = (".ci", "benchmarks", "checkers", "faults", "kvmlab", "labs", "script", "solutions", "tests")


def files() -> Iterator[Path]:
    """Every file in the folders that are the project's own."""
    for folder in FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.is_file() and not {".venv", "__pycache__", "own_course"} & set(path.parts):
                yield path


def programs() -> Iterator[tuple[str, str]]:
    """The path of each file that says what runs it, in the repository, and what that is: "/bin/sh"."""
    for path in files():
        with path.open("rb") as stream:
            if stream.read(2) == b"#!":
                yield str(path.relative_to(REPOSITORY)), stream.readline().decode().strip()
