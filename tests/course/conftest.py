"""A small course of two labs, one of them unfinished, and a copy of it that a test may break."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.cli.main import main
from kvmlab.course import Course, ProgressStore
from kvmlab.paths import State
from tests.conftest import Kvmlab, compiled, give_compiled

EXAMPLE = Path(__file__).parent / "example"
Ask = Callable[..., str]


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


@pytest.fixture
def told(
    bare_kvmlab: Kvmlab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a verb on the example course in this process: exit status, standard output, standard error."""
    for name in [name for name in os.environ if name.startswith(("KVMLAB_", "LC_", "LANG", "NO_COLOR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KVMLAB_STATE", str(bare_kvmlab.state.root))
    give_compiled(EXAMPLE, bare_kvmlab.state)

    def run(*argv: str, course: Path = EXAMPLE, columns: int = 80) -> tuple[int, str, str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        status = main(["--course", str(course), *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def ask(told: Callable[..., tuple[int, str, str]]) -> Ask:
    """What a verb prints; it has to succeed, in silence on standard error."""

    def run(*argv: str, course: Path = EXAMPLE, columns: int = 80) -> str:
        status, out, error = told(*argv, course=course, columns=columns)
        assert (status, error) == (0, "")
        return out

    return run


@pytest.fixture
def progress(bare_kvmlab: Kvmlab) -> ProgressStore:
    return ProgressStore(bare_kvmlab.state, "example")


@pytest.fixture
def record(bare_kvmlab: Kvmlab) -> Callable[..., Path]:
    """Write the record of a lab that runs, as the set-up does."""

    def write(lab_id: str = "net-bridge", *, variant: str | None = None, lang: str = "en", **other: Any) -> Path:
        lab = compiled(EXAMPLE)[0].lab(lab_id, lang, variant)
        folder = bare_kvmlab.state.labs / "example"
        folder.mkdir(exist_ok=True)
        data = {
            "lab": lab_id,
            "variant": variant,
            "instance": "i1",
            "container": "c1",
            "state": "running",
            "started": "2026-11-23T10:15:00+00:00",
            "compiled": lab.to_json(),
            **other,
        }
        path = folder / f"{lab_id}.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    return write
