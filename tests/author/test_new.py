"""`kvmlab new`: a lab that works, names that cannot harm, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.author.lint import Severity, lint
from kvmlab.author.new import begin
from kvmlab.course import Course
from kvmlab.errors import UsageError
from tests.conftest import Kvmlab


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course without labs."""
    (tmp_path / "course" / "labs").mkdir(parents=True)
    (tmp_path / "course" / "course.md").write_text("# A course\n")
    return Course.load(tmp_path / "course")


def test_what_is_begun_is_sound(course: Course) -> None:
    """lint has no error to tell, and says what is to be done."""
    files = begin(course.root, "net-vlan2")
    assert {path.name for path in files} >= {"lab.md", "lab.zh.md", "vlan2.py", "solution.md"}
    faults = lint(Course.load(course.root), ["net-vlan2"])
    assert {fault.severity for fault in faults} == {Severity.WARNING}
    assert sum(fault.rule == "todo" for fault in faults) >= 10


@pytest.mark.parametrize(
    "name",
    ["../../etc", "; rm -rf", "a\nb", "x" * 300 + "-a", "net-" + "x" * 300, "net", "-net", "net-", "net-<b>", "Net-a",
     "net-a/../b", "", "net-a.b"],
)  # fmt: skip
def test_hostile_names(course: Course, name: str) -> None:
    """Refused, and nothing written."""
    before = sorted(course.root.rglob("*"))
    with pytest.raises(UsageError):
        begin(course.root, name)
    assert sorted(course.root.rglob("*")) == before


def test_a_course_is_begun_with_its_first_lab(tmp_path: Path) -> None:
    """Where there is none; sound, in both languages, nothing but TODO left. The second lab leaves it alone."""
    root = tmp_path / "mine"
    assert {"course.md", "course.zh.md", "lab.md"} <= {path.name for path in begin(root, "net-vlan")}
    course = Course.load(root)
    assert course.ids == ["net-vlan"]
    faults = lint(course, [])
    assert {fault.severity for fault in faults} == {Severity.WARNING}
    assert {fault.rule for fault in faults} == {"todo", "near-misses"}
    assert {"course.md", "course.zh.md"} <= {fault.file for fault in faults}
    book = (root / "course.md").read_text()
    assert "course.md" not in {path.name for path in begin(root, "net-bond")}
    assert (root / "course.md").read_text() == book


def test_nothing_is_overwritten(course: Course) -> None:
    """Any one file in the way is enough to refuse, and the others are not written."""
    way = course.root / "solutions/net/vlan/way-tee.md"
    way.parent.mkdir(parents=True)
    way.write_text("mine")
    with pytest.raises(UsageError, match="way-tee"):
        begin(course.root, "net-vlan")
    assert way.read_text() == "mine"
    assert not (course.root / "labs/net/vlan").exists()


def test_command(course: Course, bare_kvmlab: Kvmlab) -> None:
    """0 and the files; again 2."""
    argv = ("--course", str(course.root), "new", "net-vlan")
    first = bare_kvmlab(*argv)
    assert first.returncode == 0 and "kvmlab prove net-vlan" in first.stdout
    assert bare_kvmlab(*argv).returncode == 2
