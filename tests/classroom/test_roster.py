"""Rosters as schools' systems write them, and a thousand that are broken: whole or not at all, a sentence for each."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kvmlab.classroom.roster.difference import difference
from kvmlab.classroom.roster.file import RosterError, read_roster
from kvmlab.classroom.roster.student import ID, Student
from kvmlab.errors import UsageError

ZHANG = Student("2026001", "张伟", "一班", "pc07")
MOODLE_EN = (
    "First name,Last name,ID number,Institution,Department,Email address,Last downloaded from this course\n"
    "Anna,Müller,m-17,School,IT,anna@example.org,1790000000\n"
)
MOODLE_DE = "Vorname;Nachname;ID-Nummer;E-Mail-Adresse;Gruppe\nAnna;Müller;m-17;anna@example.org;A\n".replace(
    "ID-Nummer", "Matrikelnummer"
)
MOODLE_ZH = "名,姓,学号,电子邮件地址,小组\n伟,张,2026001,zw@example.org,一班\n"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Essay (17)\n"
    ",,,,,Manual Posting\n"
    "    Points Possible,,,,,10\n"
    '"Lovelace, Ada",901,u-1,ada,Group 1,9\n'
    '"Hopper, Grace",902,u-2,grace,Group 2,\n'
)


def taken(tmp_path: Path, content: str | bytes) -> tuple[Student, ...]:
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(path)


def refused(tmp_path: Path, content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(RosterError) as caught:
        taken(tmp_path, content)
    return [(one.line, one.what) for one in caught.value.faults]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "header", ["学号,姓名,班级,主机", "Student ID,Name,Group,Host", "Matrikelnummer,Name,Klasse,Rechner"]
)
def test_encodings_delimiters_and_headers(tmp_path: Path, codec: str, delimiter: str, header: str) -> None:
    text = f"{header}\r\n2026001, 张伟 ,一班,pc07\r\n\r\n".replace(",", delimiter)
    assert taken(tmp_path, text.encode(codec)) == (ZHANG,)


def test_what_excel_writes_first(tmp_path: Path) -> None:
    assert taken(tmp_path, "sep=;\r\nid;name\r\n7;Eve\r\n") == (Student("7", "Eve"),)
    assert refused(tmp_path, "sep=;\nid;name\n7;Eve\n7;Eva\n") == [(4, "the id `7` is in line 3 already")]


@pytest.mark.parametrize(
    ("text", "students"),
    [
        (MOODLE_EN, [Student("m-17", "Anna Müller", email="anna@example.org")]),
        (MOODLE_DE, [Student("m-17", "Anna Müller", "A", email="anna@example.org")]),
        (MOODLE_ZH, [Student("2026001", "张伟", "一班", email="zw@example.org")]),
        (CANVAS, [Student("u-1", "Lovelace, Ada", "Group 1"), Student("u-2", "Hopper, Grace", "Group 2")]),
    ],
    ids=["Moodle", "Moodle in German", "Moodle in Chinese", "Canvas"],
)
def test_exports(tmp_path: Path, text: str, students: list[Student]) -> None:
    assert list(taken(tmp_path, text)) == students


def test_an_id_column_that_nobody_filled_in_is_none(tmp_path: Path) -> None:
    text = "First name,Last name,ID number,Email address\nAda,L,,ada@example.org\nBob,B,,bob@example.org\n"
    assert [one.id for one in taken(tmp_path, text)] == ["ada@example.org", "bob@example.org"]
    assert refused(tmp_path, text.replace("L,,", "L,5,")) == [(3, "there is no id")]


def test_all_errors_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = 'id,name\n1,"two\nlines"\n,Nobody\n=cmd,Formula\n-x,Option\n../a,Path\n1,Again\na,A\nA,Same\n5,b,c\n'
    assert [line for line, _ in refused(tmp_path, text)] == [4, 5, 6, 7, 8, 10, 11]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"\n\n", 1),
        (b"id,name\n", 1),
        (b"first,second\n1,2\n", 1),
        (b"id,ID\n1,2\n", 1),
        (b"id,name\n1,M\xfcller\n", 2),
        (b"id,name\n1,a\x00b\n", 2),
        (b'id,name\n1,ok\n2,"open\n3,x\n', 3),
        (b'id,name\n1,"a"b\n', 2),
        (b"id,name\n1,a\x1b[2J\n", 2),
        ("id,name\n1," + "x" * 201 + "\n", 2),
        ("id,name\n1," + "x" * 200_000 + "\n", 2),
    ],
)
def test_what_is_no_roster(tmp_path: Path, content: bytes | str, line: int) -> None:
    assert [found for found, _ in refused(tmp_path, content)] == [line]


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read_roster(tmp_path)


def test_difference() -> None:
    before = [Student("1", "A"), Student("2", "B"), Student("3", "C", "g")]
    after = [Student("1", "A"), Student("3", "C", "h"), Student("4", "D")]
    assert list(difference(before, after).lines()) == ["+ 4  D", "- 2  B", "~ 3  group: g → h"]
    assert not difference(before, reversed(before))


PIECES = [b'"', b",", b";", b"\t", b"\n", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"=1+1", b"id", b"\xff",
          "学号".encode(), "\u202e\u2028".encode(), b"Points Possible", b"sep=,\n", b"\x1b[31m"]  # fmt: skip


def broken(seed: int) -> bytes:
    """A good roster, broken in one to five places."""
    dice = random.Random(seed)
    text = dice.choice(
        [MOODLE_EN, MOODLE_DE, MOODLE_ZH, CANVAS, "id,name,group\n" + "".join(f"s{n},N {n},g\n" for n in range(9))]
    )
    raw = bytearray(text.encode(dice.choice(["utf-8", "utf-8", "utf-16", "utf-8-sig"])))
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(raw) + 1)
        if dice.random() < 0.5:
            raw[at:at] = dice.choice(PIECES)
        elif dice.random() < 0.5:
            raw[at : at + dice.randint(1, 20)] = b""
        else:
            raw[at:at] = bytes(dice.randrange(256) for _ in range(3))
    return bytes(raw)


def test_a_thousand_broken_rosters(tmp_path: Path) -> None:
    """Each is taken, and then every id is one, or refused with a sentence and a line that the file has."""
    outcomes = {"taken": 0, "refused": 0}
    for seed in range(1000):
        raw = broken(seed)
        try:
            students = taken(tmp_path, raw)
        except RosterError as error:
            outcomes["refused"] += 1
            assert error.faults, seed
            assert all(one.what and one.what.isprintable() for one in error.faults), (seed, error.faults)
            assert all(1 <= one.line <= 2 + raw.count(b"\n") + raw.count(b"\r") for one in error.faults), (seed, error)
        else:
            outcomes["taken"] += 1
            assert students, seed
            assert len({one.id.casefold() for one in students}) == len(students), seed
            assert all(ID.fullmatch(one.id) and "".join(one).isprintable() for one in students), seed
    assert min(outcomes.values()) > 50, outcomes
