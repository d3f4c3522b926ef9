"""What came of mutants: none survives unexplained, and no explanation is idle."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.author.lint import lint
from kvmlab.author.prove.cases import EVERYTHING, Case, Draw, MutantShare, cases_of
from kvmlab.author.prove.judgement import case_json, judge
from kvmlab.author.prove.mutant_trial import CAUGHT, NOT_MADE, SURVIVED
from kvmlab.author.prove.proof import Proof, ProofOutcome, ProofResult
from kvmlab.author.prove.result import CaseResult, TriedMutant
from kvmlab.course import Course
from kvmlab.course.lab.model import Survivor
from kvmlab.errors import CannotRun
from tests.author.planting import HERE, plant

BAD = TriedMutant("disk vdb of web1: twice, stored", SURVIVED, 1.0, do="virsh define")
GOOD = TriedMutant("domain web1: paused", CAUGHT, 1.0, ("guest-runs",))
NONE = TriedMutant("file /x: emptied", NOT_MADE, 0.1, why="no such file")
EXCUSE = Survivor("disk * of web1: twice*", "the text does not speak of it")


def result(*mutants: TriedMutant, draw: Draw = EVERYTHING, **more: object) -> CaseResult:
    """What came of one part."""
    case = Case(Proof.MUTANTS, "mutants 1/1", "lab.md", part=MutantShare(0, 1, draw))
    return CaseResult(case, 1.0, 2.0, mutants=mutants, **more)  # type: ignore[arg-type]


def judged(*results: CaseResult) -> ProofResult:
    """Proof 9."""
    return judge(results, [Proof.MUTANTS])[0]


def test_one_that_no_check_catches_refutes() -> None:
    """It says which, and how it was made; what could not be made counts as nothing."""
    proof = judged(result(BAD, GOOD, NONE))
    assert [(one.case, one.what) for one in proof.wrong] == [(BAD.name, "no check catches it: virsh define")]
    assert proof.to_json()["counts"] == {"tried": 2, "caught": 1, "explained": 0, "not_made": 1, "drawn": 0}
    assert proof.cases == 2


def test_explained() -> None:
    """The lab's header says that it may be so."""
    proof = judged(result(BAD, GOOD, draw=EVERYTHING._replace(survivors=(EXCUSE,))))
    assert (proof.outcome, proof.counts["explained"]) == (ProofOutcome.PROVED, 1)


def test_an_explanation_that_nothing_needs() -> None:
    """It is refused where all mutants were tried, and let be where only a part was."""
    draw = EVERYTHING._replace(survivors=(EXCUSE,))
    assert "take it out" in judged(result(GOOD, draw=draw)).wrong[0].what
    assert judged(result(GOOD, draw=draw._replace(number=5))).outcome is ProofOutcome.PROVED
    assert judged(result(GOOD, draw=draw), result(draw=draw, trouble=CannotRun("full"))).outcome is ProofOutcome.UNKNOWN


def test_in_the_document() -> None:
    """Each mutant, with the checks that caught it."""
    assert case_json(result(GOOD))["mutants"][0]["by"] == ("guest-runs",)


def test_only_when_asked_for() -> None:
    """`prove` alone does not try them; a few are tried on one lab host, all on two."""
    course = Course.load(HERE)
    solutions = course.solutions(course.lab("tiny-note"))
    assert not any(case.proof is Proof.MUTANTS for case in cases_of(solutions, "x", ()))
    all_of_them = cases_of(solutions, "x", {Proof.MUTANTS})
    assert [case.name for case in all_of_them] == ["mutants 1/2", "mutants 2/2"]
    assert len(cases_of(solutions, "x", {Proof.MUTANTS}, Draw(5, "a"))) == 1


LINT = [
    ("file {{ note }}: emptied", "because nobody needs to", None),
    ("file {{ note }}: empty", "because nobody needs to", "nothing changes a file so: `empty`. Did you mean `emptied`"),
    ("files {{ note }}: emptied", "because nobody needs to", "no mutant is about a `files`"),
    ("all", "because nobody needs to", "a mutant is `KIND OBJECT: CHANGE`, not `all`."),
    ("file {{ note }}: emptied", "so", "say in a sentence why this may be so."),
    ("file {{ noet }}: emptied", "because nobody needs to", "`noet` is not a parameter"),
]


@pytest.mark.parametrize(("mutant", "reason", "said"), LINT)
def test_lint_knows_them(tmp_path: Path, mutant: str, reason: str, said: str | None) -> None:
    """A mutant that the library cannot make is no survivor; a reason is a sentence."""
    table = f'\n[[survivors]]\nmutant = "{mutant}"\nreason = "{reason}"\n+++\nOn this'
    course = plant(tmp_path, ("labs/tiny/note/lab.md", "\n+++\nOn this", table))
    found = [fault.text() for fault in lint(course, ["tiny-note"]) if fault.severity.value == "error"]
    assert bool(found) == bool(said), found
    assert said is None or any(said in text and "lab.md:2" in text for text in found), found
