"""A course to be broken in one place, and what is to be noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

from kvmlab.course import Course

HERE = Path(__file__).parent / "course"


def plant(tmp_path: Path, *changes: tuple[str, str, str]) -> Course:
    """The tiny course with `old` replaced by `new` in each (file, old, new); an `old` of "" adds a file or a text."""
    root = tmp_path / "course"
    shutil.copytree(HERE, root)
    for name, old, new in changes:
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert not old or old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    return Course.load(root)
