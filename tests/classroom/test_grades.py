"""Report, export, regrade, forget: what stands in the gradebook, told; and one person gone from everywhere."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kvmlab.classroom.folder import BOOK, SETTINGS, Class
from kvmlab.classroom.forget import traces, without_exceptions
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.main import main
from kvmlab.course import Course
from kvmlab.grading.evidence import Recording
from kvmlab.grading.runner import run
from kvmlab.observe.grade import checks_of
from tests.checks.memory import Memory
from tests.classroom.conftest import LAB, Classroom, Told
from tests.classroom.samples import evidence
from tests.course.conftest import EXAMPLE


def settings(classroom: Classroom, text: str) -> None:
    (classroom.folder / SETTINGS).write_text(text, encoding="utf-8")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_report(graded: Classroom) -> None:
    lines = graded("report").out.splitlines()
    assert lines[0].endswith(f"{LAB} 3/4  total 3/4")
    assert f"{LAB} no grade (could not look)" in lines[1]


def test_what_is_computed_is_computed_anew(graded: Classroom) -> None:
    settings(graded, f"[labs.{LAB}]\nweight = 2\n[[exceptions]]\nstudent = '2026002'\nexcused = true\n")
    lines = graded("report").out.splitlines()
    assert "6/8" in lines[0] and "(excused)" in lines[1]
    settings(graded, "weight = 2\n")
    assert graded("report").status == 2


def test_could_not_look_is_an_empty_cell(graded: Classroom) -> None:
    rows = table(graded("export", "csv").out)
    assert [(one["id"], one["points"], one["max_points"], one["why"]) for one in rows] == [
        ("2026001", "3", "4", ""), ("2026002", "", "5", "could not look"),
    ]  # fmt: skip
    assert [one["points"] for one in json.loads(graded("export", "json").out)["students"][1]["labs"]] == [None]
    assert graded("export", "moodle").out.splitlines()[2] == "2026002,,"


def test_per_task_and_check(graded: Classroom) -> None:
    tasks = table(graded("export", "csv", "--per", "task").out)
    assert [(one["task"], one["points"]) for one in tasks] == [("uplink", "2"), ("nic", "1")]
    checks = table(graded("export", "csv", "--per", "check").out)
    assert [one["verdict"] for one in checks] == ["passed"] * 3 + ["failed"]
    assert graded("export", "json", "--per", "task").status == 2 and graded("export", "pdf").status == 2


def test_junit(graded: Classroom) -> None:
    root = ElementTree.fromstring(graded("export", "junit").out)
    (suite,) = root.findall("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (f"2026001.{LAB}", "4", "1")
    assert {case.get("classname") for case in suite} == {f"2026001.{LAB}.uplink", f"2026001.{LAB}.nic"}


def moodle_import(text: str, known: set[str], maxima: dict[str, float]) -> dict[str, dict[str, float]]:
    """As Moodle's grade/import/csv does it: one user it does not know, or one bad value, and nothing is taken."""
    rows = list(csv.reader(io.StringIO(text)))
    header, found = rows[0], {}
    for row in rows[1:]:
        assert len(row) == len(header) and row[0] in known, f"User not found, abort whole import: {row}"
        grades = {name: float(cell) for name, cell in zip(header[2:], row[2:], strict=True) if cell not in ("", "-")}
        assert all(value <= maxima[name] for name, value in grades.items()), row
        found[row[0]] = grades
    return found


def test_moodle_takes_it(graded: Classroom) -> None:
    text = graded("export", "moodle").out
    title = text.splitlines()[0].split(",")[2]
    assert title.endswith("(4)")
    assert moodle_import(text, {"2026001", "2026002"}, {title: 4}) == {"2026001": {title: 3}, "2026002": {}}


def test_moodle_is_refused_where_maxima_differ(graded: Classroom) -> None:
    settings(graded, '[[exceptions]]\nstudent = "2026002"\nweight = 2\ncould_not_look = "zero"\n')
    done = graded("export", "moodle")
    assert done.status == 2 and "2026001: 4" in done.err and "2026002: 10" in done.err


def test_formulas_are_guarded(graded: Classroom, tmp_path: Path) -> None:
    roster = tmp_path / "r.csv"
    roster.write_text('id,name,group\n2026001,"=HYPERLINK(""http://x"")",@g\n2026002,-1+1,+2\n', encoding="utf-8")
    assert graded("roster", str(roster), "--accept").status == 0
    for row in table(graded("export", "csv").out):
        assert row["name"].startswith("'") and row["group"].startswith("'")
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_exports_are_for_their_owner_alone_and_follow_no_link(graded: Classroom, tmp_path: Path) -> None:
    target, link = tmp_path / "victim", tmp_path / "grades.csv"
    target.write_text("mine")
    link.symlink_to(target)
    assert graded("export", "csv", str(link)).status == 0
    assert target.read_text() == "mine" and stat.S_IMODE(link.lstat().st_mode) == 0o600
    assert graded("export", "csv", str(tmp_path)).status == 2
    assert graded("export", "csv", str(tmp_path / "no" / "dir")).status == 3


def test_page(graded: Classroom, tmp_path: Path) -> None:
    roster, page = tmp_path / "r.csv", tmp_path / "page.html"
    roster.write_text("id,name\n2026001,<script>alert(1)</script>\n2026002,Bo\n", encoding="utf-8")
    graded("roster", str(roster), "--accept")
    assert graded("report", "--html", str(page)).status == 0
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text and "3/4" in text and "Check 3." in text
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_a_page_for_each_student_has_nobody_else_in_it(graded: Classroom, tmp_path: Path) -> None:
    graded("check", LAB)
    assert graded("report", "--html", str(tmp_path)).status == 0
    anna = tmp_path / "students" / "2026001.html"
    text = anna.read_text(encoding="utf-8")
    assert "Anna" in text and "2026002" not in text and "Bo" not in text and text.count(" UTC: 3/4") == 2
    assert "2026002" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert stat.S_IMODE(anna.parent.stat().st_mode) == 0o700 and stat.S_IMODE(anna.stat().st_mode) == 0o600


CHECKER = """
from kvmlab.checks import Findings, Host, Params, check

@check(task="bridge", points=2)
def bridge_has_stp(host: Host, lab: Params) -> Findings:
    \"\"\"`{bridge}` has STP.\"\"\"
    yield host.bridge(lab.bridge).shows(%s)

@check(task="uplink", points=3)
def guest_runs(host: Host, lab: Params) -> Findings:
    \"\"\"web1 runs.\"\"\"
    yield host.domain("web1").shows(state="running")
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "course"))


def write_checker(course: Path, wanted: str) -> None:
    (course / "checkers" / "net" / "bridge.py").write_text(CHECKER % wanted, encoding="utf-8")


Regrade = Callable[..., Told]


@pytest.fixture
def regrade(classroom: Classroom, course: Path, capsys: pytest.CaptureFixture[str]) -> Regrade:
    """Anna's bridge has no STP, and the checker wants it; `kvmlab class regrade` with another checker."""
    write_checker(course, "stp=True")
    found = Class(classroom.folder)
    seed = found.seed(Student("2026001"))
    lab = Course.load(course).lab(LAB, "en", seed)
    objects: dict[Any, dict[str, object]] = {
        ("link", (lab.values["bridge"],)): {"stp": False, "kind": "bridge"},
        ("domain", ("web1", "now")): {"state": "running"},
        ("start", ()): {"objects": [], "users": {}, "pools": {}},
    }
    recording = Recording(Memory(objects))
    checks = checks_of(lab, course / "checkers" / "net" / "bridge.py")
    report = run(checks, recording, lab.params, lab.tasks, lab=LAB, variant=seed, settle_s=0)
    document = evidence(0, lab=LAB, course="example", variant=seed, parameters=lab.values, facts=recording.noted(),
                        report=report.to_json())  # fmt: skip
    number = found.book.begin_run("check", LAB, "v1")
    found.book.add_attempt(number, "2026001", "example", document, {}, False)
    found.book.close()

    def again(wanted: str, *argv: str) -> Told:
        write_checker(course, wanted)
        status = main(["--course", str(course), "class", "regrade", "--class", str(classroom.folder), LAB, *argv])
        said = capsys.readouterr()
        return Told(status, said.out, said.err)

    return again


def kept(classroom: Classroom) -> list[tuple[int, int, int]]:
    book = Class(classroom.folder).book
    return [(one.grading.run, one.grading.points, one.grading.unseen) for one in book.graded("example", LAB)]


def test_the_same_checker_changes_nothing(classroom: Classroom, regrade: Regrade) -> None:
    before = kept(classroom)
    assert regrade("stp=True").out.splitlines() == ["1 attempts graded again, 0 come out differently."]
    assert kept(classroom) == before


def test_another_checker_shows_who_changes_and_why(classroom: Classroom, regrade: Regrade) -> None:
    before, done = kept(classroom), regrade("stp=False")
    lines = done.out.splitlines()
    assert lines[0].startswith("2026001, attempt 1: ") and lines[1].strip() == "bridge-has-stp: failed → passed"
    assert lines[2].strip().endswith("stp: no, wanted no; before: wanted yes")
    assert "Nothing was kept." in done.out and kept(classroom) == before


def test_it_is_kept_when_told_to_as_a_run_of_its_own(classroom: Classroom, regrade: Regrade) -> None:
    assert regrade("stp=False", "--keep").status == 2
    assert "Kept as run 2" in regrade("stp=False", "--keep", "--why", "STP is off in this lab").out
    ((run, points, _),) = kept(classroom)
    book = Class(classroom.folder).book
    assert run == 2 and points == book.graded("example")[0].grading.points
    one = book.runs(LAB)[1]
    assert (one.kind, one.why, bool(one.who), len(one.lab_version)) == ("regrade", "STP is off in this lab", True, 16)
    assert len(book.database.rows("SELECT * FROM grading")) == 2


def test_what_the_evidence_lacks_cannot_be_told(classroom: Classroom, regrade: Regrade) -> None:
    done = regrade("stp=False, mtu=1500", "--keep", "--why", "x")
    assert "→ ?/5" in done.out and "Could not tell: the evidence says nothing of" in done.out
    assert kept(classroom)[0][2] > 0
    assert f"{LAB} no grade (could not look)" in classroom("report").out


def test_damaged_evidence_cannot_be_told(classroom: Classroom, regrade: Regrade) -> None:
    import sqlite3

    with sqlite3.connect(classroom.folder / BOOK) as other:
        other.execute("DROP TRIGGER evidence_stays")
        other.execute("UPDATE evidence SET document = x'00'")
    done = regrade("stp=False")
    assert done.status == 0 and "The evidence of attempt 1 is damaged." in done.out and "→ ?/5" in done.out


def no_podman(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lab host was ever started; podman is not asked."""
    for name, value in (("find_containers", []), ("orphans", {}), ("sweep", None), ("remembered_podman", None)):
        monkeypatch.setattr(f"kvmlab.classroom.forget.{name}", lambda *args, value=value: value)


EXCEPTIONS = """
[[exceptions]]
student = "2026001"
why = "ill"

[[exceptions]]  # another
student = "2026002"
excused = true

  [[exceptions]]
  lab = "net-bridge"
  student = '2026001'
"""


def holds(classroom: Classroom, word: str) -> list[Path]:
    """All files of the class and of the state directories in which a word stands."""
    places = [classroom.folder, classroom.state.root]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    return [path for path in files if word.encode() in path.read_bytes()]


def test_one_who_is_forgotten_is_nowhere(graded: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    no_podman(monkeypatch)
    text = (graded.folder / SETTINGS).read_text(encoding="utf-8").replace("2026001", "ID")
    settings(graded, text + EXCEPTIONS)
    shutil.copy(graded.folder / BOOK, graded.folder / f"{BOOK}.version-0")
    root = graded.student("2026001").root
    assert root.exists() and len(holds(graded, "2026001")) == 3
    foretold = graded("forget", "2026001", "--dry-run").out
    assert str(root) in foretold and "2 exceptions" in foretold and "1 attempts" in foretold
    assert root.exists() and len(holds(graded, "2026001")) == 3
    done = graded("forget", "2026001")
    assert done.status == 0, done.err
    for part in (
        str(root),
        "2 exceptions",
        "version-0",
        "1 attempts, 1 gradings, 1 documents of evidence",
        "3 outcomes",
    ):
        assert part in done.out or part == "3 outcomes", part
    assert not root.exists() and holds(graded, "2026001") == [] and holds(graded, "Anna") == []
    assert [one.attempt.student for one in Class(graded.folder).book.graded("example")] == ["2026002"]
    assert graded("report").status == 0 and graded("forget", "2026001").status == 2
    assert "2026002" in (graded.folder / SETTINGS).read_text(encoding="utf-8")


def test_what_is_left_elsewhere_in_the_folder_is_named(graded: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    no_podman(monkeypatch)
    (graded.folder / SETTINGS).write_text("# nobody\n")
    graded("export", "csv", str(graded.folder / "grades.csv"))
    done = graded("forget", "2026001")
    assert done.status == 3 and "grades.csv" in done.err
    assert [one.id for one in Class(graded.folder).book.students()] == ["2026002"]


@pytest.mark.parametrize("at", ["lab_hosts", "settings", "copies", "records"])
def test_killed_while_forgetting(graded: Classroom, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """The same again finishes; until the records have gone, the student is still there to be named."""
    no_podman(monkeypatch)
    settings(graded, EXCEPTIONS)

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == f"forget.{at}":
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("kvmlab.classroom.forget.killpoint", die)
        with pytest.raises(Killed):
            graded("forget", "2026001")
    again = graded("forget", "2026001")
    assert again.status == (2 if at == "records" else 0)
    found = Class(graded.folder)
    assert traces(found, Student("2026001"), graded.state) == []


@pytest.mark.parametrize(
    ("text", "kept", "removed"),
    [
        ("a = 1\n[[exceptions]]\nstudent = '1'\n[labs.x]\nweight = 1\n", "a = 1\n[labs.x]\nweight = 1\n", 1),
        ("[[exceptions]]\nstudent = '12'\n", "[[exceptions]]\nstudent = '12'\n", 0),
        ("# [[exceptions]]\n# student = '1'\n", "# [[exceptions]]\n# student = '1'\n", 0),
    ],
)
def test_exceptions_are_cut_out_as_they_stand(text: str, kept: str, removed: int) -> None:
    assert without_exceptions(text, "1") == (kept, removed)


def test_exceptions_that_cannot_be_cut_out_are_named(graded: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    no_podman(monkeypatch)
    settings(graded, 'exceptions = [{ student = "2026001", excused = true }]\n')
    done = graded("forget", "2026001")
    assert done.status == 3 and SETTINGS in done.err
