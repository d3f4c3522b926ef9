"""Moodle's worksheet and Canvas's gradebook, filled in: only the grades differ, and what would go wrong is told."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from kvmlab.classroom.folder import SETTINGS
from tests.classroom.conftest import LAB, Classroom, Told
from tests.course.conftest import EXAMPLE

WORKSHEET = (
    '\ufeffIdentifier,"Full name","Email address","ID number",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    'Participant 901,"Anna ""A"" M, Dr",anna@example.org,2026001,"No, submission",,4.00,Yes,-,-,"<p>a\r\nb</p>"\r\n'
    "Participant 902,Bo,bo@example.org,2026002,,1.00,5.00,Yes,-,-,\r\n"
    "Participant 903,=Else,else@example.org,2026009,,2.00,4.00,Yes,-,-,\r\n"
)
GERMAN = (
    "ID;Vollständiger Name;Matrikelnummer;Bewertung;Bestwertung;Bewertung kann geändert werden;"
    "Zuletzt geändert (Bewertung)\n"
    "Teilnehmer/in901;Anna;2026001;;4,00;Ja;-\nTeilnehmer/in902;Bo;2026002;;5,00;Ja;-\n"
)
CANVAS = (
    f"Student,ID,SIS User ID,SIS Login ID,Section,Essay (17),{LAB} (18),Current Score\n"
    ",,,,,,Manual Posting,\n"
    "    Points Possible,,,,,10,4,(read only)\n"
    '"M, Anna",1,2026001,anna,A,9,,80\n"B, Bo",2,2026002,bo,B\nTest Student,3,,x,A,,,\n'
)


def fill(graded: Classroom, kind: str, given: str | bytes, *argv: str) -> tuple[Told, bytes]:
    """What it says, and the file."""
    path, out = graded.folder.parent / "given.csv", graded.folder.parent / "out.csv"
    out.unlink(missing_ok=True)
    path.write_bytes(given.encode() if isinstance(given, str) else given)
    done = graded("export", kind, "--fill", str(path), str(out), *argv)
    return done, out.read_bytes() if out.exists() else b""


def moodle_takes(text: str, names: dict[str, str]) -> dict[str, float]:
    """As assignfeedback_offline's importer reads it: `names` are the site's words for the columns it needs."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";" if ";" in text else ","))
    columns = {name: rows[0].index(word) for name, word in names.items()}
    found = {}
    for row in rows[1:]:
        identifier, grade = row[columns["Identifier"]], row[columns["Grade"]].replace(",", ".")
        digits = "".join(letter for letter in identifier if letter.isdigit())
        if grade:
            assert 0 <= float(grade) <= float(row[columns["Maximum"]].replace(",", ".")), row
            found[digits] = float(grade)
    return found


ENGLISH_NAMES = {
    "Identifier": "Identifier",
    "Grade": "Grade",
    "Maximum": "Maximum Grade",
    "at": "Last modified (grade)",
}
GERMAN_NAMES = {"Identifier": "ID", "Grade": "Bewertung", "Maximum": "Bestwertung",
                "at": "Zuletzt geändert (Bewertung)"}  # fmt: skip


def test_a_worksheet_is_as_it_was_but_for_the_grades(graded: Classroom) -> None:
    done, content = fill(graded, "worksheet", WORKSHEET, "--lab", LAB)
    assert done.status == 0, done.err
    expected = WORKSHEET.replace('"No, submission",,4.00', '"No, submission",3,4.00')
    assert content == expected.encode()  # Bo's 1.00 stays: could not look is no grade
    assert moodle_takes(content.decode(), ENGLISH_NAMES) == {"901": 3, "902": 1, "903": 2}


def test_a_german_worksheet_and_utf_16(graded: Classroom) -> None:
    (graded.folder / SETTINGS).write_text(f"[labs.{LAB}]\nweight = 0.5\n")
    for codec in ("utf-8", "utf-16-le"):
        mark = b"\xff\xfe" if codec != "utf-8" else b""
        given = mark + GERMAN.replace("4,00", "2,00").encode(codec)
        done, content = fill(graded, "worksheet", given)
        assert done.status == 0, done.err
        text = content.decode("utf-16" if mark else codec)
        assert moodle_takes(text, GERMAN_NAMES) == {"901": 1.5} and ";1,5;2,00;" in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("4.00,Yes,-,-,\"", "100.00,Yes,-,-,\"", "2026001: the assignment's maximum is 100, the lab's 4"),
        ("Participant 901", "Anna", "2026001: the first column is no identifier"),
        (",Grade,", ",Mark,", "this is not the header of such a file"),
        ("Maximum Grade", "Scale", "graded by a scale"),
        ("2026001", "2026002", "2026002 stands in two rows"),
        ("ID number", "Number", "no column has the ids or e-mail addresses of the class"),
        ("<p>a", '<p>"a', "not a row of a table"),
    ],
)  # fmt: skip
def test_what_moodle_would_drop_is_refused_with_names(graded: Classroom, old: str, new: str, said: str) -> None:
    assert old in WORKSHEET
    done, content = fill(graded, "worksheet", WORKSHEET.replace(old, new), "--lab", LAB)
    assert done.status == 2 and said in done.err and content == b"", done.err


def test_who_is_locked_or_missing_is_named(graded: Classroom) -> None:
    locked = WORKSHEET.replace('4.00,Yes,-,-,"', '4.00,No,-,-,"').replace("2026002", "2026008")
    done, content = fill(graded, "worksheet", locked, "--lab", LAB)
    assert done.status == 0 and content == locked.encode()
    assert "Locked in Moodle, and left as it was: 2026001." in done.err and "Not in the file: 2026002." in done.err


def test_a_person_is_found_by_the_address_and_never_by_the_name(graded: Classroom, tmp_path: Path) -> None:
    roster = tmp_path / "r.csv"
    roster.write_text("id,name,email\n2026001,Anna,ANNA@example.org\n2026002,Bo,\n")
    assert graded("roster", str(roster), "--accept").status == 0
    without = WORKSHEET.replace("2026001", "").replace("2026002", "")
    _, content = fill(graded, "worksheet", without, "--lab", LAB)
    assert moodle_takes(content.decode(), ENGLISH_NAMES)["901"] == 3


def test_canvas(graded: Classroom) -> None:
    done, content = fill(graded, "canvas", CANVAS)
    assert done.status == 0, done.err
    assert content.decode() == CANVAS.replace("A,9,,80", "A,9,3,80")


def test_canvas_excused_and_titles(graded: Classroom) -> None:
    (graded.folder / SETTINGS).write_text('[[exceptions]]\nstudent = "2026002"\nexcused = true\n')
    from kvmlab.course import Course

    for title in Course.load(EXAMPLE).entry(LAB).titles.values():
        _, content = fill(graded, "canvas", CANVAS.replace(f"{LAB} (18)", f'"{title} (18)"'))
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert [row[6] for row in rows[3:5]] == ["3", "EX"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"{LAB} (18)", LAB, "has no number, and would become a new assignment"),
        (f"{LAB} (18)", "Lab (18)", "no column is a lab's"),
        ("Essay (17)", f"{LAB} (17)", "two columns are net-bridge's"),
        ("10,4,", "10,100,", "2026001: the assignment's maximum is 100, the lab's 4"),
        ("10,4,", "10,(read only),", "Canvas does not let this column be changed"),
        ("    Points Possible,,,,,10,4,(read only)\n", "", "there is no row “Points Possible”"),
        ("Section", "Sektion", "this is not the header"),
    ],
)
def test_what_canvas_would_take_wrongly_is_refused(graded: Classroom, old: str, new: str, said: str) -> None:
    assert old in CANVAS
    done, content = fill(graded, "canvas", CANVAS.replace(old, new))
    assert done.status == 2 and said in done.err and content == b"", done.err


def test_wrong_use(graded: Classroom) -> None:
    assert "--fill FILE" in graded("export", "canvas").err
    assert graded("export", "csv", "--fill", "x").status == 2
    missing = graded("export", "worksheet", "--fill", "/nowhere.csv", "--lab", LAB)
    assert missing.status == 2 and "cannot be read" in missing.err


def test_a_thousand_broken_files_are_a_sentence_each(graded: Classroom) -> None:
    """And what is taken differs from what was given in nothing but cells of the grade."""
    from kvmlab.classroom.export.filling import fill_canvas, fill_worksheet
    from kvmlab.classroom.export.given import Unfit
    from kvmlab.classroom.folder import Class
    from kvmlab.classroom.results import results_of
    from kvmlab.course import Course

    chance, found, course = random.Random(12), Class(graded.folder), Course.load(EXAMPLE)
    results = results_of(found, course, found.book.students())
    path, taken = graded.folder.parent / "given.csv", 0
    pieces = [b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", "张".encode(), b"2026001", b"=", b"4,00"]
    for _ in range(1000):
        kind = chance.random() < 0.5
        data = bytearray((WORKSHEET if kind else CANVAS).encode())
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(6)] = chance.choice(pieces) * chance.randrange(1, 3)
        path.write_bytes(data)
        try:
            filled = fill_worksheet(path, results, LAB) if kind else fill_canvas(path, results, course)
        except Unfit as refused:
            assert refused.message.startswith(f"{path} was not filled in: ") and refused.faults
            continue
        taken += 1
        assert abs(len(filled.content) - len(data)) <= 8
    found.book.close()
    assert 100 < taken < 900
