"""`kvmlab new fault`: two files that fit together as they stand, with a TODO wherever the author's own words go."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.author.lint import Severity, lint
from kvmlab.course import Course
from tests.author.planting import plant
from tests.conftest import Kvmlab


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A copy of the tiny course."""
    return plant(tmp_path)


def test_what_it_begins_with_fits_and_waits_for_words(course: Course, bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("--course", str(course.root), "new", "fault", "tiny-silent", "--lab", "tiny-note")
    assert done.returncode == 0, done.stderr
    assert "kvmlab prove tiny-note --only faults --fault tiny-silent" in done.stdout
    found = lint(Course.load(course.root), [])
    assert {one.severity for one in found} == {Severity.WARNING}
    assert {one.file for one in found} == {"faults/tiny/silent.md", "faults/tiny/silent.zh.md"}
    assert all("still to be done" in one.message for one in found)
    (file,) = Course.load(course.root).faults()
    assert file.for_lab(course.lab("tiny-note")).symptoms[0].code == "ping -c 1 -W 2 10.0.0.12"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["fault"], "has a name, and a lab"),
        (["fault", "tiny-x"], "has a name, and a lab"),
        (["fault", "nope-x", "--lab", "tiny-note"], "there is no chapter `nope`"),
        (["fault", "tiny-x", "--lab", "tiny-nope"], "tiny-note"),
        (["fault", "tiny/../x", "--lab", "tiny-note"], "CHAPTER-NAME"),
        (["tiny-other", "more"], "has one name"),
    ],
)
def test_what_cannot_be_one_is_refused(course: Course, bare_kvmlab: Kvmlab, argv: list[str], says: str) -> None:
    done = bare_kvmlab("--course", str(course.root), "new", *argv)
    assert done.returncode == 2 and says in done.stderr
    assert not (course.root / "faults").exists()


def test_one_that_is_there_is_kept(course: Course, bare_kvmlab: Kvmlab) -> None:
    argv = ("--course", str(course.root), "new", "fault", "tiny-silent", "--lab", "tiny-note")
    assert bare_kvmlab(*argv).returncode == 0
    assert "has a file already" in bare_kvmlab(*argv).stderr
