"""codespell finds no misspelt word: in code, in what it says, in the course and in what is written about it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.gate.programs import REPOSITORY

ARE_WORDS = ("adresse", "chage", "conectix", "ect", "hda", "iif", "regrading")  # German, a program, a damaged text, …
MISSPELT_ON_PURPOSE = ("defualts",)  # by a student; by a mutant
WRONG_IN_TESTS = (
    "activ", "adress", "brigde", "bridg", "brige", "chek", "chinesse", "Explenation", "gatway", "hel",
    "iif", "minuts", "mkae", "nam",
    "netwrok", "nmae", "orderd", "retrun", "soluton", "thrid", "titel",
)  # fmt: skip  # what an author, a student or we misspell there, for a "did you mean"
FOLDERS = (".ci", "benchmarks", "checkers", "faults", "kvmlab", "labs", "script", "solutions")


def misspelt(*argv: str) -> str:
    """What codespell says."""
    argv = (sys.executable, "-m", "codespell_lib", "--skip=*.zh.*,*/zh/*,*/page/vendor/*,*.pyc,*/.venv/*", *argv)
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_folder(folder: str) -> None:
    words = (*ARE_WORDS, *MISSPELT_ON_PURPOSE, *(WRONG_IN_TESTS if folder == "tests" else ()))
    assert misspelt(f"--ignore-words-list={','.join(words)}", folder) == ""


def test_documents() -> None:
    assert misspelt(*sorted(path.name for path in REPOSITORY.glob("*.md") if ".zh" not in path.name)) == ""


def test_codespell_finds_one() -> None:
    """Or nothing here would show anything."""
    assert "netwrok ==> network" in misspelt(__file__)
