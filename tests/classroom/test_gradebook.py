"""The gradebook: whole whatever happens, never changed, brought up to date with a copy, closed to others."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.folder import BOOK, SETTINGS, Class, create_class, open_class
from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.gradebook.database import Database
from kvmlab.classroom.gradebook.records import Grading, packed, unpacked
from kvmlab.classroom.gradebook.schema import MIGRATIONS
from kvmlab.classroom.roster.difference import difference
from kvmlab.classroom.roster.student import Student
from kvmlab.errors import CannotRun, UsageError
from kvmlab.paths import State
from tests.classroom.samples import STUDENTS, evidence

ANNA, BO = STUDENTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_class(tmp_path / "kvm", STUDENTS)
    return tmp_path / "kvm"


@pytest.fixture
def book(folder: Path) -> Gradebook:
    return Class(folder).book


def test_a_class_is_two_files_for_its_owner_alone(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [SETTINGS, BOOK]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert list(folder.parent.iterdir()) == [folder]


def test_what_was_opened_to_others_is_closed_again(folder: Path) -> None:
    for path in (folder, folder / SETTINGS, folder / BOOK):
        path.chmod(0o755 if path.is_dir() else 0o644)
    Class(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_where_others_may_write_is_refused(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(CannotRun, match="change grades"):
        Class(folder)


def test_a_gradebook_that_is_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / BOOK).rename(tmp_path / "elsewhere")
    (folder / BOOK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotRun, match="not a file of yours"):
        Class(folder)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 4000, b"no database" * 500])
def test_a_damaged_gradebook_is_told(folder: Path, content: bytes) -> None:
    (folder / BOOK).write_bytes(content)
    if content:
        with pytest.raises(CannotRun, match=r"damaged|cannot be used"):
            Class(folder)
    else:
        with pytest.raises(CannotRun, match="not the gradebook of a class"):
            Class(folder)


def test_what_is_there_is_never_overwritten(folder: Path) -> None:
    before = (folder / BOOK).read_bytes()
    with pytest.raises(UsageError, match="there already"):
        create_class(folder, STUDENTS)
    assert (folder / BOOK).read_bytes() == before


def test_which_class(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KVMLAB_CLASS", raising=False)
    with pytest.raises(UsageError, match="not a class's folder"), open_class(str(folder.parent)):
        pass
    monkeypatch.chdir(folder)
    with open_class(None) as found:
        here = found.tag
    monkeypatch.chdir("/")
    monkeypatch.setenv("KVMLAB_CLASS", str(folder))
    with open_class(None) as found:
        assert found.tag == here


def test_seeds_are_kept_and_nobody_elses(folder: Path, tmp_path: Path) -> None:
    create_class(tmp_path / "other", STUDENTS)
    one, other = Class(folder), Class(tmp_path / "other")
    assert one.seed(ANNA) == Class(folder).seed(Student("2026001", "renamed"))
    assert len({one.seed(ANNA), one.seed(BO), other.seed(ANNA), other.seed(BO)}) == 4


def test_each_student_has_a_state_over_the_shared_one(folder: Path, tmp_path: Path) -> None:
    shared, found = State(tmp_path / "state"), Class(folder)
    one, other = found.state(ANNA, shared), found.state(BO, shared)
    assert one.images == other.images == shared.images and one.keys == shared.keys
    assert one.labs != other.labs and shared.root in one.labs.parents and one.tag != other.tag != shared.tag
    assert stat.S_IMODE(one.root.stat().st_mode) == stat.S_IMODE(one.root.parent.stat().st_mode) == 0o700
    assert found.state_root(Student("../../x"), shared).parent == found.states_root(shared)


def test_roster(book: Gradebook) -> None:
    assert book.students() == list(STUDENTS)
    after = [Student("2026003", "Chen"), Student("2026001", "Anna", "B")]
    book.take_roster(after, difference(book.students(), after))
    assert book.students() == after and book.students(left=True) == [BO]
    book.take_roster(STUDENTS, difference(book.students(), STUDENTS))
    assert book.students() == list(STUDENTS)


def attempt(book: Gradebook, student: str = ANNA.id, points: int = 3, **more: Any) -> int:
    run = book.begin_run("check", "network-bridge", "v1")
    return book.add_attempt(run, student, "kvm", evidence(points, **more), {"uplink": 2}, False)


def test_an_attempt_comes_back_as_it_was_stored(book: Gradebook) -> None:
    number = attempt(book)
    ((found, grading),) = book.graded("kvm", "network-bridge")
    assert (found.number, found.student, found.lab_version, found.seed) == (number, ANNA.id, "v1", "s1")
    assert (found.hints, found.assisted, found.lab_host) == ({"uplink": 2}, False, "i1")
    assert (grading.points, grading.max_points, grading.unseen, grading.verdict) == (3, 4, 0, "failed")
    assert grading.report == evidence(3)["report"]
    assert book.evidence(found.evidence)["facts"] == evidence(3)["facts"]
    assert book.graded("other") == [] and book.results("kvm")[0].grading.points == 3


def test_the_same_evidence_is_stored_once(book: Gradebook) -> None:
    attempt(book), attempt(book), attempt(book, points=4)
    assert len(book.database.rows("SELECT * FROM evidence")) == 2


def test_the_last_run_counts(book: Gradebook) -> None:
    number = attempt(book, points=1)
    book.keep_regrade("network-bridge", "v2", "the checker was wrong", [Grading.of(number, 0, evidence(4)["report"])])
    ((_, grading),) = book.graded("kvm")
    assert (grading.points, grading.run) == (4, 2)
    assert [(one.kind, one.why) for one in book.runs("network-bridge")][1] == ("regrade", "the checker was wrong")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET student = '2026002'", "DELETE FROM attempt", "UPDATE grading SET points = 4",
        "DELETE FROM grading", "UPDATE evidence SET document = x'00'", "DELETE FROM evidence",
        "UPDATE run SET why = 'x'", "DELETE FROM student WHERE id = '2026001'", "DELETE FROM run",
        "INSERT INTO grading VALUES (99, 1, 'passed', 1, 1, 0, x'00')",
        "INSERT INTO run VALUES (9, 'x', '', '', '', '', '')",
    ],
)  # fmt: skip
def test_what_is_written_stays(book: Gradebook, statement: str) -> None:
    attempt(book)
    with pytest.raises(sqlite3.IntegrityError), book.database.transaction() as change:
        change.execute(statement)
    assert book.graded("kvm")[0].grading.points == 3


def test_evidence_that_was_altered_is_no_evidence(book: Gradebook, folder: Path) -> None:
    attempt(book)
    other = sqlite3.connect(folder / BOOK)
    other.execute("DROP TRIGGER evidence_stays")
    other.execute("UPDATE evidence SET document = ?", [packed({**evidence(3), "seed": "other"})])
    other.commit()
    with pytest.raises(ValueError):
        book.evidence(book.graded("kvm")[0].attempt.evidence)


def test_any_text_can_be_stored() -> None:
    odd = {"a": "\ud800 \0 \u202e 张", "b": [1.5, None, True]}
    assert unpacked(packed(odd)) == odd
    for raw in (b"", b"x", packed(odd)[:-3]):
        with pytest.raises(ValueError):
            unpacked(raw)


def test_a_migration_keeps_a_copy_and_all_that_was_there(folder: Path) -> None:
    Class(folder).book.close()
    more = (*MIGRATIONS, "ALTER TABLE student ADD COLUMN note TEXT;\nCREATE TABLE more (x INTEGER);\n")
    database = Database(folder / BOOK, more)
    assert database.rows("SELECT id, note FROM student")[0]["id"] == ANNA.id
    (copy,) = database.copies()
    assert copy.name == f"{BOOK}.version-{len(MIGRATIONS)}" and stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert Gradebook(Database(copy)).students() == list(STUDENTS)
    with pytest.raises(CannotRun, match="later kvmlab"):
        Database(folder / BOOK)


def test_a_migration_that_fails_changes_nothing(folder: Path) -> None:
    Class(folder).book.close()
    with pytest.raises(CannotRun):
        Database(folder / BOOK, (*MIGRATIONS, "CREATE TABLE more (x INTEGER);\nSELECT * FROM nowhere;\n"))
    assert Class(folder).book.students() == list(STUDENTS)


DYING = """
import json, os, sys
from pathlib import Path
from kvmlab.classroom.folder import Class, create_class
from kvmlab.classroom.gradebook.database import Database
from kvmlab.classroom.gradebook.schema import MIGRATIONS
from kvmlab.classroom.roster.student import Student
what, folder = sys.argv[1], Path(sys.argv[2])
if what == "create":
    create_class(folder, [Student("2026001", "Anna"), Student("2026002", "Bo")])
elif what == "attempt":
    book = Class(folder).book
    book.add_attempt(1, "2026001", "kvm", json.loads(sys.argv[3]), {}, False)
else:
    Database(folder / "gradebook.sqlite", (*MIGRATIONS, "CREATE TABLE more (x INTEGER);\\n"))
"""


def die(what: str, folder: Path, at: str, *more: str) -> None:
    environ = {**os.environ, "KVMLAB_DIE_AT": at}
    done = subprocess.run([sys.executable, "-c", DYING, what, str(folder), *more], env=environ, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("at", ["class.folder", "gradebook.version-1", "gradebook.written", "class.ready"])
def test_killed_while_a_class_is_made(tmp_path: Path, at: str) -> None:
    die("create", tmp_path / "kvm", at)
    assert not (tmp_path / "kvm").exists()
    create_class(tmp_path / "kvm", STUDENTS)
    assert list(tmp_path.iterdir()) == [tmp_path / "kvm"] and Class(tmp_path / "kvm").book.students() == list(STUDENTS)


def test_killed_while_an_attempt_is_stored(folder: Path) -> None:
    book = Class(folder).book
    run = book.begin_run("check", "network-bridge", "v1")
    book.close()
    die("attempt", folder, "gradebook.written", json.dumps(evidence(4)))
    book = Class(folder).book
    assert book.graded("kvm") == [] and book.database.rows("SELECT * FROM evidence") == []
    book.add_attempt(run, ANNA.id, "kvm", evidence(4), {}, False)
    assert book.database.rows("PRAGMA integrity_check")[0][0] == "ok"


def test_killed_while_it_is_brought_up_to_date(folder: Path) -> None:
    die("migrate", folder, f"gradebook.version-{len(MIGRATIONS) + 1}")
    assert Class(folder).book.students() == list(STUDENTS)


def test_two_at_once(folder: Path) -> None:
    one, other = Class(folder).book, Class(folder).book
    for _ in range(5):
        attempt(one), attempt(other, BO.id)
    assert len(one.graded("kvm")) == 10
