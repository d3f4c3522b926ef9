"""A fault for each student of a class: whose is which, what the same command does again, and how it is graded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.classroom.children import Children, Done
from kvmlab.classroom.folder import Class
from kvmlab.course.fault.model import Fault, Story, Symptom
from kvmlab.course.fault.progress import Ended, Repairs
from kvmlab.labhost.known_host import KnownLabHost
from kvmlab.paths import State
from kvmlab.repair.judging import Judgement
from kvmlab.repair.record import Repair, keep, recall
from kvmlab.repair.report import report_of
from kvmlab.state.record import write
from tests.classroom.conftest import LAB, Classroom
from tests.classroom.samples import evidence
from tests.classroom.test_students import rows
from tests.conftest import Kvmlab
from tests.repair.faults import course_with_a_fault

BOTH = ("2026001", "2026002")
SYMPTOMS = (Symptom("link", "ping -c1 web1", "peer"), Symptom("boot", "ping -c1 web1", upcoming=True))
FAULT = Fault("net-cause", 2, {"en": Story("The cause", "No answer.", ("Look.",), "It was so.")}, SYMPTOMS, (), ())


class Mender:
    """Does what `kvmlab repair` and a check of one would do to a student's state; all else as `Pretended`."""

    def __init__(self, classroom: Classroom) -> None:
        self.classroom, self.seeds = classroom, dict[str, list[str]]()
        self.left: tuple[str, ...] = ("link",)

    def __call__(self, children: Children, state: State, *argv: str) -> Done:
        pretended = self.classroom.pretended
        if "repair" in argv and "repair" not in pretended.fails:
            seed = argv[argv.index("--seed") + 1]
            self.seeds.setdefault(state.root.name, []).append(seed)
            done = pretended(children, state, "--variant", argv[1], "start", LAB)
            host(state).run_dir.mkdir(parents=True, exist_ok=True)
            keep(host(state), Repair(seed, "open", FAULT, began=1.0))
            return done
        if "check" in argv and (repair := recall(host(state))):
            return self.checked(state, repair, Path(argv[-1]))
        return pretended(children, state, *argv)

    def checked(self, state: State, repair: Repair, file: Path) -> Done:
        found = Judgement(self.left) if self.left else None
        if found is None and repair.is_open:
            repair = repair.ending("mended")
            keep(host(state), repair)
        variant = Class(self.classroom.folder).seed(self.whose(state))
        report = report_of(LAB, variant, repair, found)
        document = evidence(0, lab=f"{LAB}.repair", variant=variant, course="example", report=report, facts={})
        write(file, document)
        return Done({"passed": 0, "failed": 1}[report["verdict"]], "")

    def whose(self, state: State):  # type: ignore[no-untyped-def]
        found = Class(self.classroom.folder)
        return next(one for one in found.book.students() if found.state_root(one, self.classroom.state) == state.root)


def host(state: State) -> KnownLabHost:
    return KnownLabHost(f"example.{LAB}", "i1", state)


@pytest.fixture
def mender(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> Mender:
    made = Mender(classroom)
    monkeypatch.setattr(Children, "run", lambda children, state, *argv: made(children, state, *argv))
    monkeypatch.setattr("kvmlab.cli.classroom.repairs.make_images", lambda ctx, lab: None)
    monkeypatch.setattr("kvmlab.cli.classroom.repairs.offered", lambda ctx, labs, level: [])
    return made


def seeds(mender: Mender) -> list[str]:
    return [mender.seeds.get(mender.classroom.student(one).root.name, [""])[-1] for one in BOTH]


def graded(classroom: Classroom) -> list[tuple[str, str, int, int]]:
    found = Class(classroom.folder).book.results("example")
    return [(one.attempt.student, one.attempt.lab, one.grading.points, one.grading.max_points) for one in found]


def test_each_their_own_or_the_same_for_all(mender: Mender) -> None:
    classroom = mender.classroom
    assert rows(classroom("repair", LAB)) == dict.fromkeys(BOTH, "✓ something is broken there")
    own = seeds(mender)
    assert len(set(own)) == 2 and all(len(one) == 16 for one in own)
    assert rows(classroom("repair", LAB)) == dict.fromkeys(BOTH, "✓ ran already") and seeds(mender) == own
    assert rows(classroom("repair", LAB, "--seed", "monday")) == dict.fromkeys(
        BOTH, f"! another repair of {LAB} is there; finish it first"
    )
    forget(mender)
    classroom("repair", LAB, "--seed", "monday")
    assert seeds(mender) == ["monday", "monday"]
    forget(mender)
    classroom("repair", LAB, "--seed", "monday", "--each")
    assert len({*seeds(mender), *own, "monday"}) == 5


def forget(mender: Mender) -> None:
    """Finish it; what `Pretended` leaves of a run directory goes with it."""
    mender.classroom("finish", LAB)
    for one in BOTH:
        (host(mender.classroom.student(one)).run_dir / "repair.json").unlink()


def test_it_is_graded_under_a_name_of_its_own_and_never_tells_the_cause(mender: Mender) -> None:
    classroom = mender.classroom
    classroom("repair", LAB)
    assert rows(classroom("check", LAB)) == dict.fromkeys(BOTH, "✗ 0/10, first failing check: link")
    told = classroom("export", "json").out
    assert "[a colleague's computer] $ ping -c1 web1" in told
    mender.left = ()
    repaired = recall(host(classroom.student("2026001")))
    assert repaired
    keep(host(classroom.student("2026001")), repaired._replace(hints=2))
    done = classroom("check", LAB)
    assert (done.status, rows(done)) == (0, dict.fromkeys(BOTH, "✓ 10/10"))
    assert sorted(graded(classroom)[-2:]) == [(one, f"{LAB}.repair", 10, 10) for one in BOTH]
    report = rows(classroom("report"))
    assert report["2026001"] == f"  {LAB}.repair 10/10  total 10/10"
    (classroom.folder / "class.toml").write_text(f'hint_percent = 10\n[labs."{LAB}.repair"]\nweight = 2\n')
    assert rows(classroom("report"))["2026001"].startswith(f"  {LAB}.repair 16/20 (hints: 20 % off)")
    told += "".join(classroom(*one).out for one in (("export", "json"), ("status",), ("board",)))
    assert f"{LAB}.repair: running, 10/10" in told
    assert not [word for word in ("net-cause", "The cause", "It was so", "Look.") if word in told]
    assert f"{LAB}.repair" in classroom("export", "csv", "--lab", f"{LAB}.repair").out
    assert " (repair) (20)" in classroom("export", "moodle").out.splitlines()[0]


def test_what_waits_for_the_next_boot_is_not_said_to_be_mended() -> None:
    """While another symptom is left nobody has looked at it."""
    repair = Repair("s", "open", FAULT)
    assert verdicts(report_of(LAB, None, repair, Judgement(("link",)))) == ["failed", "blocked", "blocked"]
    assert verdicts(report_of(LAB, None, repair, Judgement(("boot",)))) == ["passed", "failed", "blocked"]
    assert verdicts(report_of(LAB, None, repair, Judgement(()))) == ["passed", "passed", "error"]
    assert verdicts(report_of(LAB, None, repair.ending("given up"), None)) == ["failed"]


def verdicts(report) -> list[str]:  # type: ignore[no-untyped-def]
    return [one["verdict"] for one in report["tasks"][0]["checks"]]


@pytest.mark.parametrize("outcome", ["mended", "given up"])
def test_whoever_knows_the_cause_does_not_get_it_again(mender: Mender, outcome: str) -> None:
    classroom = mender.classroom
    one = Ended(LAB, "net-cause", 2, "monday", outcome, 60, 0, 0, 10, "2026-11-27T10:00:00Z")
    Repairs(classroom.student("2026001"), "example").ended(one)
    assert rows(classroom("repair", LAB, "--seed", "monday")) == {
        "2026001": f"✓ {outcome} already", "2026002": "✓ something is broken there",
    }  # fmt: skip


def test_practice_is_left_alone_and_what_was_cut_off_begins_anew(mender: Mender) -> None:
    classroom = mender.classroom
    classroom("start", LAB, "--student", "2026001")
    classroom("repair", LAB, "--student", "2026002")
    keep(host(classroom.student("2026002")), Repair("monday"))
    assert rows(classroom("repair", LAB, "--seed", "monday")) == {
        "2026001": f"! {LAB} runs already for practice; finish it first", "2026002": "✓ something is broken there",
    }  # fmt: skip
    verbs = [one[1] for one in classroom.pretended.calls if one[0] == classroom.student("2026002").root.name]
    assert "finish" in verbs


def test_one_that_fails_does_not_stop_the_others_and_a_dry_run_does_nothing(mender: Mender) -> None:
    classroom = mender.classroom
    assert rows(classroom("repair", LAB, "--dry-run")) == dict.fromkeys(
        BOTH, f"  would start {LAB}, and break something there"
    )
    classroom.pretended.fails = {"repair": "No space is left"}
    done = classroom("repair", LAB)
    assert (done.status, rows(done)) == (3, dict.fromkeys(BOTH, "! No space is left")) and not mender.seeds


def test_a_course_without_faults_and_a_seed_that_is_none(classroom: Classroom) -> None:
    done = classroom("repair", LAB, "--level", "3")
    assert done.status == 2 and "no fault of that kind" in done.err
    assert "A seed is" in classroom("repair", LAB, "--seed", "a b").err
    assert not classroom.pretended.calls


@pytest.mark.guest
def test_on_real_lab_hosts(tmp_path: Path, kvmlab: Kvmlab) -> None:
    """From the fault to the mark, by the commands an instructor types."""
    kvmlab.env["KVMLAB_COURSE"] = str(course_with_a_fault(tmp_path))
    (tmp_path / "roster.csv").write_text("id\nanna\n", encoding="utf-8")
    folder = str(tmp_path / "kvm")
    assert kvmlab("class", "create", folder, "--roster", str(tmp_path / "roster.csv")).returncode == 0

    def told(action: str, *argv: str) -> str:
        done = kvmlab("class", action, "--class", folder, *argv)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    try:
        assert "something is broken there" in told("repair", "tiny-note", "--seed", "one")
        assert "0/15, first failing check: read" in told("check", "tiny-note")
        assert "as at the start" in told("reset", "tiny-note"), "which is broken as it was"
        assert "0/15, first failing check: read" in told("check", "tiny-note")
        assert "The note is not to be read" in told("enter", "anna", "--", "show", "tiny-note")
        record = next(kvmlab.state.root.glob("classes/**/labs/*/tiny-note.json"))
        value = json.loads(record.read_text())["compiled"]["values"]
        note, bridge, lan = value["note"], value["bridge"], value["lan"]
        undone = f"""mv {note}.old {note}; ip link set {lan["nic"]} up; ip link set {bridge} up
                     ip route replace default via {lan["gateway"]} dev {lan["nic"]}"""
        told("enter", "anna", "--", "exec", "tiny-note", "--", "sh", "-ec", undone)
        assert "15/15" in told("check", "tiny-note")
        assert "tiny-note.repair 15/15" in told("report")
        assert "mended already" in told("repair", "tiny-note", "--seed", "one")
    finally:
        told("finish")
