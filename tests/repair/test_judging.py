"""What the fault has changed is the student's to mend; what the ticket forbids is a fact."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kvmlab.checks import Host
from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.host.start.aspects import Objects
from kvmlab.repair.judging import Judgement, changed_by_the_fault, forbidden_aspects, restartable

SOLVED: Objects = {
    ("domain", ("web1",)): {"state": "running", "process": "7 (100)", "stored memory": "128"},
    ("network", ("lab",)): {"active": True},
    ("snapshot", ("web1", "before")): {"created": "1"},
}


def test_what_a_fault_has_changed_are_aspects_or_whole_objects() -> None:
    broken: Objects = {
        ("domain", ("web1",)): {
            "state": "running",
            "process": "7 (100)",
            "stored memory": "64",
            "stored disk vdz": "x",
        },
        ("network", ("lab",)): {"active": True},
        ("network", ("new",)): {"active": True},
    }
    assert changed_by_the_fault(SOLVED, broken) == (
        "domain web1: stored memory", "domain web1: stored disk vdz", "snapshot web1/before"
    )  # fmt: skip
    assert changed_by_the_fault(SOLVED, SOLVED) == ()


def test_what_is_forbidden_is_seen_by_its_own_aspects_alone() -> None:
    forbids = ("domain web1: process",)
    before = forbidden_aspects(SOLVED, forbids)
    assert before == {"domain web1: process": {"web1 process": "7 (100)"}}
    other: Objects = {**SOLVED, ("domain", ("web1",)): {"state": "running", "process": "7 (100)", "stored memory": "1"}}
    assert forbidden_aspects(other, forbids) == before
    restarted: Objects = {
        **SOLVED,
        ("domain", ("web1",)): {"state": "running", "process": "9 (300)", "stored memory": "128"},
    }
    assert forbidden_aspects(restarted, forbids) != before
    assert forbidden_aspects({}, forbids) != before


class Told:
    """A reader that gives the same aspects for everything."""

    extra = "kept"

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        if kind == "none":
            return MissingObject()
        return {name: Reading(1) for name in ("process", "boots", "state")}


@pytest.mark.parametrize(
    ("kind", "key", "forbids", "names"),
    [
        ("start", ("domain", "web1"), (), {"state"}),
        ("present", ("domain", "web1"), (), {"state"}),
        ("present", ("domain", "web1"), ("domain web1: process",), {"process", "boots", "state"}),
        ("present", ("domain", "web1"), ("domain db1: process", "domain web1: stored"), {"state"}),
        ("present", ("network", "web1"), (), {"process", "boots", "state"}),
        ("domain", ("web1", "now"), (), {"process", "boots", "state"}),
        ("start", (), (), {"process", "boots", "state"}),
    ],
)
def test_a_restart_is_not_seen_unless_it_is_forbidden(
    kind: str, key: Key, forbids: Sequence[str], names: set[str]
) -> None:
    reader = restartable(Told(), forbids)
    answer = reader.read(kind, key, ())
    assert not isinstance(answer, MissingObject)
    assert {name for name, reading in answer.items() if reading.value} == names
    assert reader.extra == "kept"
    assert isinstance(reader.read("none", ("domain", "x"), ()), MissingObject)


def test_a_check_that_forbids_a_restart_passes_in_a_repair_whatever_was_restarted() -> None:
    """It asks for nothing else: had nothing been read, the checker would seem broken, and nobody could mend it."""
    finding = Host(restartable(Told(), ())).domain("web1").not_restarted()
    assert finding.met and [row.name for row in finding.facts] == ["process", "boots"]


def report(**verdicts: Verdict) -> Report:
    checks = tuple(CheckResult(name.replace("_", "-"), "t", "", verdict, 1) for name, verdict in verdicts.items())
    return Report("lab", None, (TaskResult("t", "", 1, checks),), 0.0)


def test_mended_is_no_symptom_and_every_check() -> None:
    assert Judgement(("ping",)).verdict is Verdict.FAILED
    assert Judgement(()).verdict is Verdict.ERROR
    assert Judgement((), report(a=Verdict.PASSED)).verdict is Verdict.PASSED
    assert Judgement((), report(a=Verdict.PASSED), forbidden=True).verdict is Verdict.FAILED
    assert Judgement((), report(a=Verdict.ERROR)).verdict is Verdict.ERROR
    other = Judgement((), report(a=Verdict.PASSED, as_it_was=Verdict.FAILED))
    assert other.verdict is Verdict.FAILED and other.holds and not other.untouched
    wrong = Judgement((), report(a=Verdict.FAILED, as_it_was=Verdict.PASSED))
    assert not wrong.holds and wrong.untouched
