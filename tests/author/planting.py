"""A course to be broken in one place, and what is to be noticed."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from kvmlab.course import Course

HERE = Path(__file__).parent / "course"
FILES = {
    "lab": "labs/tiny/note/lab.md",
    "zh": "labs/tiny/note/lab.zh.md",
    "checker": "checkers/tiny/note.py",
    "solution": "solutions/tiny/note/solution.md",
    "setup": "labs/tiny/note/setup.sh.j2",
    "near": "solutions/tiny/note/near-twice.md",
}


def plant(tmp_path: Path, *changes: tuple[str, str, str]) -> Course:
    """The tiny course with `old` replaced by `new` in each (file, old, new); an `old` of "" adds a file or a text."""
    root = tmp_path / "course"
    shutil.copytree(HERE, root)
    for name, old, new in changes:
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert not old or old in text, f"{old!r} is not in {name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    return Course.load(root)


def path_of(file: str) -> str:
    """The path inside the course."""
    return FILES.get(file, file)


def planted_in(name: str) -> list[dict[str, Any]]:
    """What a TOML file beside this one plants."""
    found: list[dict[str, Any]] = tomllib.loads((HERE.parent / name).read_text(encoding="utf-8"))["planted"]
    return found


def changes_of(planted: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Its changes, for `plant`."""
    return [(path_of(one["file"]), one.get("old", ""), one["new"]) for one in planted["change"]]
