"""Which cases prove a lab, and what each is made of."""

from __future__ import annotations

from pathlib import Path

from kvmlab.author.prove.cases import Case, cases_of, without_last_looks
from kvmlab.author.prove.plans import plans_of, shuffled
from kvmlab.author.prove.proof import Proof
from kvmlab.course import Course
from kvmlab.course.lab.solution import Step
from tests.author.planting import HERE
from tests.conftest import REPOSITORY
from tests.repair.faults import course_with_a_fault


def cases(*only: Proof) -> list[Case]:
    """The tiny lab's, those on another's way as well."""
    return [one for case in hosts(*only) for one in (case, *case.on_the_way)]


def hosts(*only: Proof) -> list[Case]:
    """Those that need a lab host of their own."""
    course = Course.load(HERE)
    return cases_of(course.solutions(course.lab("tiny-note")), "labs/tiny/note", only)


def names(*only: Proof) -> set[str]:
    """Their names."""
    return {case.name for case in cases(*only)}


def test_the_usual_ones() -> None:
    """A case per file, per step that is no look, and a reset."""
    found = cases()
    assert {case.proof for case in found} == Proof.chosen(()) - {Proof.FACTS, Proof.LOOKING}
    assert {"start", "solution", "way-brctl", "near-no-stp", "near-twice", "without note", "without up"} <= names()
    assert not any("see" in name or "step-1" in name for name in names()), "a look is never left out"
    assert sum(case.proof is Proof.RESET for case in found) == 1


def test_only_one() -> None:
    """One proof has its own cases; reset is compared with the start, facts need everything that looks."""
    assert names(Proof.START) == {"start"}
    assert names(Proof.WAYS) == {"way-brctl"}
    assert "start" in names(Proof.RESET)
    assert names(Proof.FACTS) == {case.name for case in cases() if case.proof is not Proof.RESET}


def test_every_case_but_the_reset_is_rehearsed_where_that_is_asked_for() -> None:
    found = cases(Proof.REHEARSAL)
    assert {case.name for case in found} == {case.name for case in cases() if case.proof is not Proof.RESET}
    assert all(case.rehearsed for case in found)
    assert not any(case.rehearsed for case in cases())


def test_what_the_solution_passes_is_looked_at_on_its_way() -> None:
    """The start, and what stops half-way; each after the steps it has, the shortest first."""
    solution = next(case for case in hosts() if case.proof is Proof.SOLUTION)
    assert [case.name for case in solution.on_the_way] == ["start", "without up"]
    for case in solution.on_the_way:
        assert case.steps == solution.steps[: len(case.steps)]
    assert not any(case.on_the_way for case in hosts(Proof.START))


def test_a_step_left_out() -> None:
    """The others stay, in their order, and it says where the step stands."""
    case = next(case for case in cases() if case.name == "without bridge")
    assert [step.id for step in case.steps] == ["step-1", "note", "up"]
    assert case.where == "solutions/tiny/note/solution.md:13"


def test_near_misses_name_their_checks() -> None:
    """What must fail comes from the file."""
    case = next(case for case in cases() if case.name == "near-twice")
    assert case.caught_by == {"note-says-the-line"}
    assert not case.right


def test_last_looks() -> None:
    """Looks at the end are dropped, looks in between are not."""

    def step(name: str, look: bool) -> Step:
        return Step(name, None, "true", look, "f.md", 1)

    steps = [step("a", True), step("b", False), step("c", True), step("d", False), step("e", True)]
    assert [one.id for one in without_last_looks(steps)] == ["a", "b", "c", "d"]
    assert without_last_looks(steps[:1]) == ()


def test_shuffled_by_a_seed() -> None:
    """The same cases in another order, the same order from the same seed."""
    plans = plans_of(Course.load(HERE), [], [None], ())
    one, same, other = (shuffled(plans, seed)[0].cases for seed in ("\udcff", "\udcff", "b"))
    assert one == same != other
    assert {case.name for case in one} == {case.name for case in hosts()}


def test_a_variant_by_name_is_proved_in_what_is_other_there() -> None:
    """After the lab's own, by its own solutions; not what is proved of the whole."""
    course = Course.load(REPOSITORY)
    own, full = plans_of(course, ["network-bridge"], [None], ())
    assert (own.lab.variant, full.lab.variant, full.lab.guests[0].image) == (None, "full", "full")
    kinds = {part.proof for case in full.cases for part in (case, *case.on_the_way)}
    assert kinds == {Proof.START, Proof.SOLUTION, Proof.WAYS, Proof.NEAR}
    assert full.only == Proof.chosen(()) - {Proof.FACTS, Proof.RESET, Proof.STEPS} < own.only
    assert all(case.where.startswith("solutions/network/bridge/full/") for case in full.cases)
    assert [one.lab.variant for one in plans_of(course, ["network-bridge"], [None], (), by_name=False)] == [None]
    assert [one.lab.variant for one in plans_of(course, ["network-bridge"], ["a"], ())] == ["a"]
    (none,) = plans_of(course, ["network-bridge"], ["full"], {Proof.RESET})
    assert none.cases == ()


def test_a_fault_is_a_case_of_its_own_where_that_is_asked_for(tmp_path: Path) -> None:
    """It begins from the solution's steps, and no other proof looks at it."""
    course = Course.load(course_with_a_fault(tmp_path))
    (plan,) = plans_of(course, ["tiny-note"], [None], {Proof.FAULTS})
    (case,) = plan.cases
    assert (case.name, case.proof, case.fault and case.fault.id) == ("tiny-moved", Proof.FAULTS, "tiny-moved")
    assert case.steps == course.solutions(course.lab("tiny-note"))[0].steps
    assert not any(one.fault for plan in plans_of(course, [], [None], ()) for one in plan.cases)
    assert [plan.cases for plan in plans_of(course, [], [None], {Proof.FAULTS}, fault_ids=["tiny-other"])] == [()]
