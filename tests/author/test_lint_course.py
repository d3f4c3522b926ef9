"""Lint of what belongs to no one lab: the book, the quizzes, the commands that solutions exercise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kvmlab.author.lint import exercised, lint
from kvmlab.author.lint.commands import _commands
from kvmlab.course import Course
from tests.author.planting import HERE
from tests.conftest import Kvmlab

BOOK = """+++
id = "tiny"
title = "Tiny"
commands = ["ip link add", ["brctl addbr", "ip link set up"], "virsh list --all"]
[chapters.tiny]
title = "Tiny things"
+++
## Tiny things

### Notes

A text.

{lab}: `tiny-note`
"""
QUIZ = """+++
title = "Tiny"
+++

## Which? {#which}

- [x] this
- [ ] that

  No.

### Explanation

So.

## Where? {#where kind=live lab=tiny-note}

### Explanation

There.
"""
ANSWERS = '''from kvmlab.checks import answer


@answer("where")
def where(host, lab):
    """Here."""
    return "here"
'''


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The tiny course with a book and a quiz."""
    root = tmp_path / "course"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "course.md").write_text(BOOK.format(lab="Lab"))
    (root / "course.zh.md").write_text(BOOK.format(lab="Lab").replace("commands", "# commands"))
    for name in ("quiz.md", "quiz.zh.md"):
        (root / "labs/tiny" / name).write_text(QUIZ)
    (root / "checkers/tiny/quiz.py").write_text(ANSWERS)
    return root


def found(root: Path) -> list[str]:
    return [fault.text() for fault in lint(Course.load(root), []) if "at least 15" not in fault.message]


def test_nothing_is_said_of_a_sound_course(course: Path) -> None:
    assert found(course) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("course.md", "Lab: `tiny-note`", "", "course.md:8: error: no section ends in its lab"),
        ("course.md", "`tiny-note`", "`tiny-nope`", "course.md:8: error: no section of this chapter can end in"),
        ("course.md", "## Tiny things", "## Others", "course.md:1: error: the book has no chapter"),
        ("course.zh.md", "### Notes", "### Notes\n\n### More", "course.zh.md:8: error: 2 sections, 1 in course.md"),
        ("course.zh.md", "Lab: `tiny-note`", "", "course.zh.md:8: error: its sections end in other labs"),
        ("labs/tiny/quiz.md", "lab=tiny-note", "lab=tiny-nope", "labs/tiny/quiz.md:16: error: there is no lab"),
        ("labs/tiny/quiz.zh.md", "[x] this", "[x] this\n- [x] too", "labs/tiny/quiz.zh.md:5: error: question"),
        ("labs/tiny/quiz.md", "- [x] this\n", "", "labs/tiny/quiz.md:5: error: a question has options"),
        ("checkers/tiny/quiz.py", '"where"', '"there"', "checkers/tiny/quiz.py has no answer to `where`"),
        ("checkers/tiny/quiz.py", '"where"', '"there"', "`there` is no live question"),
        ("checkers/tiny/quiz.py", "return", "retrun", "checkers/tiny/quiz.py:7: error"),
    ],
)
def test_finds(course: Path, file: str, old: str, new: str, says: str) -> None:
    path = course / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) if file != "course.md" or "##" not in old else text.replace(old, new))
    assert any(says in line for line in found(course)), found(course)


@pytest.mark.parametrize("gone", ["course.zh.md", "labs/tiny/quiz.zh.md"])
def test_both_languages_are_wanted(course: Path, gone: str) -> None:
    (course / gone).unlink()
    assert any("beside it" in line for line in found(course))


def test_the_commands_that_solutions_type(course: Path, bare_kvmlab: Kvmlab) -> None:
    rows = exercised(Course.load(course))
    assert [row.labs for row in rows] == [("tiny-note",), ("tiny-note",), ()]
    done = bare_kvmlab("--course", str(course), "lint", "--commands")
    assert done.returncode == 1
    assert "3 commands, 1 used by no lab." in done.stdout
    assert bare_kvmlab("--course", str(course), "lint", "--commands", "nosuch").returncode == 2
    assert exercised(Course.load(course), ["tiny-note"]) == rows
    table = json.loads(bare_kvmlab("--course", str(course), "lint", "--commands", "--json").stdout)
    assert table["unused"] == 1


def test_commands_are_found_wherever_a_shell_would_run_them() -> None:
    code = "sudo virsh list --all | grep x && qemu-img \\\n info a\ntimeout 5 sh -c 'virsh help'; x=$(ip link)\n"
    found = [" ".join(words) for words in _commands(code) if words]
    assert "sudo virsh list --all" in found
    assert any(one.startswith("qemu-img info a") for one in found)
    assert "virsh help" in found
    assert "ip link" in found
