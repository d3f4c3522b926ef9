"""From reports to proofs: what is wrong is said, in one line, and what is right is not."""

from __future__ import annotations

import time
from dataclasses import replace

from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.fact_coverage import Ledger
from kvmlab.author.prove.judgement import MOST, case_json, judge
from kvmlab.author.prove.proof import LabProof, Proof, ProofOutcome, ProofResult, Remark, document
from kvmlab.author.prove.result import CaseResult, RehearsalResult
from kvmlab.checks.findings import FactRow, Finding
from kvmlab.course.lab.solution import Step
from kvmlab.errors import AuthorError, CannotRun
from kvmlab.grading.as_it_was import AS_IT_WAS
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.labhost.steps import StepOutcome
from kvmlab.observe.inventory import Difference, differences


def finding(subject: str, *, missing: bool = False, **facts: bool) -> Finding:
    """A finding whose facts are met or not."""
    rows = tuple(FactRow(name, "x", "x" if met else "y", met, "see it") for name, met in facts.items())
    return Finding(subject, rows, missing="not defined" if missing else None)


def check(name: str, verdict: Verdict, *findings: Finding, guard: bool = False, **more: object) -> CheckResult:
    """What came of one check."""
    return CheckResult(name, "task", name, verdict, 1, guard, findings=findings, **more)  # type: ignore[arg-type]


def report(*checks: CheckResult) -> Report:
    """What came of one look."""
    return Report("lab", None, (TaskResult("task", "Task", len(checks), checks),), 0.1)


def result(proof: Proof, *checks: CheckResult, caught_by: str = "", **more: object) -> CaseResult:
    """What came of one case."""
    case = Case(proof, f"a {proof.value} case", "file.md:1", caught_by=frozenset(caught_by.split()))
    seen = report(*checks) if checks else None
    return CaseResult(case, time.time(), 1.0, seen, **more)  # type: ignore[arg-type]


def wrong(*results: CaseResult, only: Proof) -> list[str]:
    """What is said to be wrong."""
    return [remark.what for remark in judge(results, [only])[0].wrong]


def about(name: str, verdict: Verdict, *, ahead: bool = True, trouble: str = "", **facts: bool) -> CheckResult:
    """A check whose facts are about the next start: foretold, or seen in a rehearsal."""
    found = finding("web1", **facts)
    rows = tuple(row._replace(ahead=ahead, rehearsed=not ahead and not trouble) for row in found.facts)
    return check(name, verdict, found._replace(facts=rows), error=trouble or None)


def rehearsed(foretold: CheckResult, seen: CheckResult | None) -> CaseResult:
    """What came of a case whose next start was rehearsed."""
    trouble = "" if seen else "no space"
    told = RehearsalResult(report(seen) if seen else None, 9.0, trouble)
    return result(Proof.NEAR, foretold, rehearsal=told)


PASSED, FAILED, BLOCKED, ERROR = Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR


def test_start() -> None:
    """No check may pass but guards, which must; an error is no pass, unless the checker is broken."""
    assert wrong(result(Proof.START, check("a", FAILED), check("g", PASSED, guard=True)), only=Proof.START) == []
    assert wrong(result(Proof.START, check("a", PASSED)), only=Proof.START) == ["a passes before anything was done"]
    assert "guard g" in wrong(result(Proof.START, check("g", FAILED, guard=True)), only=Proof.START)[0]
    assert wrong(result(Proof.START, check("a", ERROR, error="no way in")), only=Proof.START) == []
    assert "a: a bug" in wrong(result(Proof.START, check("a", ERROR, error="a bug", bug=True)), only=Proof.START)[0]


def test_right_ways() -> None:
    """Everything passes; what does not says why; a step that fails is told with its output."""
    assert wrong(result(Proof.SOLUTION, check("a", PASSED)), only=Proof.SOLUTION) == []
    said = wrong(result(Proof.WAYS, check("a", FAILED, finding("link br0", stp=False))), only=Proof.WAYS)
    assert said == ["a does not pass: link br0: stp y, wanted x"]
    step = StepOutcome(Step("up", None, "false", False, "s.md", 7), 1, "no such\ndevice\n")
    remark = judge([result(Proof.SOLUTION, steps=(step,))], [Proof.SOLUTION])[0].wrong[0]
    assert (remark.what, remark.where) == ("step up ended with status 1: no such device", "s.md:7")


def test_live_questions() -> None:
    """Each has an answer at the start or after the solution; where only one of the two was asked, nothing is known."""
    after = result(Proof.SOLUTION, check("a", PASSED), unanswered={"pid": "None", "uuid": "None"})
    start = result(Proof.START, check("a", FAILED), unanswered={"uuid": "off", "tap": "off"})
    said = wrong(start, after, only=Proof.SOLUTION)
    assert said == ["the quiz's question `uuid` has no answer, at the start or now: None"]
    assert wrong(after, only=Proof.SOLUTION) == []


def test_near_misses() -> None:
    """Exactly the named checks fail; others may be blocked, none may be in error."""
    near = Proof.NEAR
    good = result(near, check("a", FAILED), check("b", BLOCKED, blocked_by=("a",)), check("c", PASSED), caught_by="a")
    assert wrong(good, only=near) == []
    uncaught = wrong(result(near, check("a", PASSED), caught_by="a"), only=near)
    assert uncaught == ["a was to catch it, and did not: it passes"]
    other = wrong(result(near, check("a", FAILED), check("b", FAILED, finding("x", y=False)), caught_by="a"), only=near)
    assert other == ["b fails, too, and is not named: x: y y, wanted x"]
    assert "could not look" in wrong(result(near, check("a", FAILED), check("b", ERROR), caught_by="a"), only=near)[0]


def ended(name: str, status: int) -> StepOutcome:
    """A step that ended so."""
    return StepOutcome(Step(name, None, "x", False, "near.md", 3), status, "no such domain")


def test_a_step_that_fails_is_told() -> None:
    """In a near-miss, too, unless its header says so; one that was to fail must; consequences of a gap are none."""
    near = result(Proof.NEAR, check("a", FAILED), caught_by="a", steps=(ended("one", 0), ended("two", 1)))
    assert wrong(near, only=Proof.NEAR) == ["step two ended with status 1: no such domain"]
    case = replace(near.case, fails=frozenset(["two"]))
    assert wrong(replace(near, case=case), only=Proof.NEAR) == []
    case = replace(near.case, fails=frozenset(["one", "two"]))
    assert wrong(replace(near, case=case), only=Proof.NEAR) == ["step one was to fail (`fails`), and did not"]
    assert wrong(result(Proof.STEPS, check("a", FAILED), steps=(ended("two", 1),)), only=Proof.STEPS) == []
    assert [one["id"] for one in case_json(near)["failed_steps"]] == ["two"]


def test_steps() -> None:
    """Without it something does not pass."""
    assert wrong(result(Proof.STEPS, check("a", FAILED)), only=Proof.STEPS) == []
    assert "not needed" in wrong(result(Proof.STEPS, check("a", PASSED)), only=Proof.STEPS)[0]


def test_facts() -> None:
    """Met somewhere and unmet somewhere; the object's absence alone is noted."""
    start = result(Proof.START, check("a", FAILED, finding("link br0", missing=True, stp=False, up=False)))
    good = result(Proof.SOLUTION, check("a", PASSED, finding("link br0", stp=True, up=True, mtu=True)))
    near = result(Proof.NEAR, check("a", FAILED, finding("link br0", stp=False, up=True, addresses=False)))
    proof = judge([start, good, near], [Proof.FACTS])[0]
    assert [remark.what for remark in proof.wrong] == [
        "link br0: mtu was never unmet: no case shows that it can fail",
        "link br0: addresses was never met",
    ]
    assert [remark.what for remark in proof.notes] == ["link br0: up was unmet only where the whole object was missing"]
    assert proof.cases == 4


def test_the_same_fact_twice_in_a_check() -> None:
    """Two findings about the same object count one by one."""
    ledger = Ledger()
    ledger.note(report(check("a", FAILED, finding("x", y=True), finding("x", y=False))))
    assert len(ledger.seen) == 2


def test_a_fact_about_an_address_that_is_drawn_is_one_fact() -> None:
    """The guest is elsewhere in each case; what is said of it is the same."""
    ledger = Ledger()
    ledger.note(report(check("a", PASSED, finding("from host to 10.0.0.7", y=True))))
    ledger.note(report(check("a", FAILED, finding("from host to 10.0.0.231", y=False))))
    assert list(ledger.never()) == []


def test_as_it_was_is_one_fact() -> None:
    """Met where all of its parts are; none of them has to be seen unmet alone."""
    ledger = Ledger()
    ledger.note(report(check("a", FAILED, finding("x", y=True, z=True)._replace(as_one=True))))
    never = [remark.what for remark in ledger.never()]
    assert never == ["x: as-it-was was never unmet: no case shows that it can fail"]
    ledger.note(report(check("a", FAILED, finding("x", y=True, z=False)._replace(as_one=True))))
    assert list(ledger.never()) == []


def test_the_guard_may_see_what_a_near_miss_breaks_besides() -> None:
    """Unnamed it is nothing; named it has to fail, as any other."""
    seen = [check("a", FAILED), check(AS_IT_WAS, FAILED)]
    assert wrong(result(Proof.NEAR, *seen, caught_by="a"), only=Proof.NEAR) == []
    blind = [check("a", FAILED), check(AS_IT_WAS, PASSED)]
    said = wrong(result(Proof.NEAR, *blind, caught_by="a as-it-was"), only=Proof.NEAR)
    assert said == ["as-it-was was to catch it, and did not: it passes"]


def test_what_could_not_be_carried_out_is_unknown() -> None:
    """A computer's trouble refutes nothing; an author's mistake does."""
    cannot = result(Proof.START, trouble=CannotRun("no space"))
    proof = judge([cannot], [])[0]
    assert (proof.outcome, proof.trouble[0].what) == (ProofOutcome.UNKNOWN, "no space")
    assert judge([cannot], [Proof.FACTS])[0].outcome is ProofOutcome.UNKNOWN
    assert judge([result(Proof.START, trouble=AuthorError("x:1: bad"))], [])[0].outcome is ProofOutcome.REFUTED


def test_reset() -> None:
    """Every difference is told, not more than a few, and a second lab host."""
    start = result(Proof.START, check("a", FAILED), inventory={"link br0": "up", "file /x": "1"})
    same = result(Proof.RESET, inventory={"link br0": "up", "file /x": "1"})
    assert wrong(start, same, only=Proof.RESET) == []
    other = result(Proof.RESET, inventory={"link br0": "down", "file /y": "1"}, lab_hosts=2)
    assert wrong(start, other, only=Proof.RESET) == [
        "there are 2 lab hosts, not one",
        "file /x: is gone",
        "file /y: was not there before",
        "link br0: up, now down",
    ]
    many = result(Proof.RESET, inventory={f"file /{n}": "1" for n in range(99)})
    assert len(wrong(start, many, only=Proof.RESET)) == MOST + 1
    assert judge([same], [Proof.RESET])[0].outcome is ProofOutcome.UNKNOWN, "nothing to compare with"


def test_differences_of_long_texts() -> None:
    """The first line that differs is told."""
    found = differences({"a": "<x>\n <y/>\n</x>"}, {"a": "<x>\n <z/>\n</x>"})
    assert found == [Difference("a", "<x>\n <y/>\n</x>", "<x>\n <z/>\n</x>")]
    assert found[0].text() == "a: <y/>, now <z/>"


def test_document() -> None:
    """One refutation refutes all; one unknown leaves it unknown."""

    def proof(wrong: tuple[Remark, ...] = (), trouble: tuple[Remark, ...] = ()) -> LabProof:
        return LabProof("lab", None, 1.0, (ProofResult(Proof.START, 1, 1.0, wrong, trouble),))

    bad, unknown = proof(wrong=(Remark("a", "b"),)), proof(trouble=(Remark("a", "b"),))
    assert document([proof()], 1)["outcome"] == "proved"
    assert document([proof(), unknown], 1)["outcome"] == "unknown"
    assert document([bad, unknown], 1)["outcome"] == "refuted"
    assert document([bad], 1.234)["labs"][0]["proofs"][0]["wrong"] == [{"case": "a", "what": "b", "where": ""}]


def test_what_is_said_of_the_next_start_comes_true() -> None:
    seen = about("a", PASSED, ahead=False, vcpus=True)
    assert wrong(rehearsed(about("a", PASSED, vcpus=True), seen), only=Proof.REHEARSAL) == []
    assert wrong(rehearsed(about("a", FAILED, vcpus=False), seen), only=Proof.REHEARSAL) == [
        "a: web1: vcpus: said to be wrong (y), and after the start it is as wanted"
    ]


def test_what_is_said_to_be_right_and_is_not() -> None:
    foretold, seen = about("a", PASSED, vcpus=True), about("a", FAILED, ahead=False, vcpus=False)
    assert wrong(rehearsed(foretold, seen), only=Proof.REHEARSAL) == [
        "a: web1: vcpus: said to be as wanted (x), and after the start it is y"
    ]
    assert wrong(rehearsed(about("a", FAILED, vcpus=False), seen), only=Proof.REHEARSAL) == []


def test_where_a_cause_decides_nothing_was_promised() -> None:
    """As where a volume is attached twice: each line is right, and the start fails."""
    foretold = about("a", FAILED, vcpus=True)
    cause = FactRow("disks_on_the_same_file", "none", "vda, vdb", False, "see it", cause=True)
    only = foretold.findings[0]
    foretold = foretold._replace(findings=(only._replace(facts=(*only.facts, cause)),))
    seen = about("a", FAILED, ahead=False, vcpus=False)
    assert wrong(rehearsed(foretold, seen), only=Proof.REHEARSAL) == []


def test_what_was_promised_must_be_seen() -> None:
    unseen = about("a", ERROR, trouble="no way in", vcpus=True)
    assert "no way in" in wrong(rehearsed(about("a", PASSED, vcpus=True), unseen), only=Proof.REHEARSAL)[0]
    assert wrong(rehearsed(about("a", FAILED, vcpus=False), unseen), only=Proof.REHEARSAL) == []


def test_a_rehearsal_that_could_not_be_is_not_known() -> None:
    told = judge([rehearsed(about("a", PASSED, vcpus=True), None)], [Proof.REHEARSAL])[0]
    assert (told.outcome, told.cases, told.seconds) == (ProofOutcome.UNKNOWN, 1, 9.0)
    nothing = judge([result(Proof.NEAR, check("a", PASSED, finding("web1", up=True)))], [Proof.REHEARSAL])[0]
    assert (nothing.outcome, nothing.cases) == (ProofOutcome.PROVED, 0)


def test_a_check_that_passes_by_itself_had_failed_too_soon() -> None:
    seen = result(Proof.WAYS, check("a", Verdict.PASSED, finding("x", y=True)), too_soon=("a",))
    (found,) = judge([seen], [Proof.WAYS])
    assert found.outcome is ProofOutcome.PROVED
    assert [note.what for note in found.notes] == [
        "a failed at first and passed by itself: what is on its way is not wrong"
    ]
