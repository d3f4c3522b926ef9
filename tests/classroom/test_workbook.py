"""XLSX, read as the XML that it is: numbers are numbers, texts are texts, no grade is no cell."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kvmlab.classroom.export.workbook import _Sheets
from tests.classroom.conftest import LAB, Classroom

SPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet(path: Path, number: int) -> dict[str, tuple[str, str]]:
    """Its cells: place to type ("s": text, "n": number) and value."""
    with zipfile.ZipFile(path) as archive:
        texts = ["".join(one.itertext()) for one in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))]
        root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    assert root.find(".//x:f", SPACE) is None, "a formula"
    found = {}
    for cell in root.iterfind(".//x:c", SPACE):
        value = cell.findtext("x:v", "", SPACE)
        kind = cell.get("t", "n")
        found[cell.get("r", "")] = (kind, texts[int(value)] if kind == "s" else value)
    return found


@pytest.fixture
def graded(classroom: Classroom, tmp_path: Path) -> Classroom:
    """Anna, who calls herself a formula, has 3 of 4; of Bo's lab something could not be looked at."""
    roster = tmp_path / "r.csv"
    roster.write_text('id,name,group\n2026001,"=HYPERLINK(""http://x"")",@g\n2026002,Bo,1\n')
    classroom("roster", str(roster), "--accept")
    classroom("start", LAB)
    some = ("passed", "passed", "error", "passed")
    classroom.pretended.points = {"": (3, None), classroom.student("2026002").root.name: (3, some)}
    classroom("check", LAB)
    return classroom


def test_marks_tasks_and_checks(graded: Classroom, tmp_path: Path) -> None:
    assert graded("export", "xlsx", str(tmp_path / "a.xlsx")).status == 0
    marks = sheet(tmp_path / "a.xlsx", 1)
    assert (marks["A2"], marks["D1"], marks["D2"]) == (("s", "2026001"), ("s", LAB), ("n", "3"))
    assert "D3" not in marks and marks["C3"] == ("s", "1")
    lab = sheet(tmp_path / "a.xlsx", 2)
    header = {value: place[:-1] for place, (_, value) in lab.items() if place.endswith("1") and len(place) == 2}
    assert lab[header["uplink"] + "2"] == ("n", "2") and lab[header["nic: c3"] + "2"] == ("s", "failed")
    assert header["why"] + "3" in lab and header["points"] + "3" not in lab and header["nic"] + "3" not in lab


def test_what_looks_like_a_formula_is_a_text_and_marked_as_one(graded: Classroom, tmp_path: Path) -> None:
    graded("export", "xlsx", str(tmp_path / "a.xlsx"))
    assert sheet(tmp_path / "a.xlsx", 1)["B2"] == ("s", '=HYPERLINK("http://x")')
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")
        assert not any("hyperlink" in archive.read(name).decode(errors="replace") for name in archive.namelist())


def test_names_of_sheets() -> None:
    import xlsxwriter

    sheets = _Sheets(xlsxwriter.Workbook())
    names = [sheets._free(name) for name in ("a" * 40, "A" * 40, "x/y:[z]'", "History", "'", "")]
    assert names == ["a" * 31, "A" * 27 + "-2", "x y  z", "History-2", "-", "--2"]


def test_without_the_library(graded: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    done = graded("export", "xlsx", str(tmp_path / "a.xlsx"))
    assert done.status == 3 and "pip install" in done.err and not (tmp_path / "a.xlsx").exists()
