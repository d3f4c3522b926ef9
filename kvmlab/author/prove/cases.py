"""The cases of a lab's proof: each is one story that is carried out on a lab host of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from kvmlab.author.prove.proof import Proof

if TYPE_CHECKING:
    from kvmlab.course.fault.model import Fault
    from kvmlab.course.lab.model import Survivor
    from kvmlab.course.lab.solution import Solution, Step


class Draw(NamedTuple):
    """Which mutants are tried: `number` of them (0: all), drawn by `seed`; `survivors`: those that may pass."""

    number: int = 0
    seed: str = ""
    survivors: tuple[Survivor, ...] = ()


class MutantShare(NamedTuple):
    """Every `of`-th of the mutants that `draw` gives, from `number` on."""

    number: int
    of: int
    draw: Draw


@dataclass(frozen=True, slots=True)
class Case:
    """One story. `steps`: what is done after the start; `caught_by`: the checks that must fail, of a near-miss.

    `fails`: the steps that must end with another status than 0; `part`: which mutants are tried.
    `look_again`: in the end it is looked at many times.
    `on_the_way`: cases that are looked at on the way, each after so many of the steps as it has. `where`: the file (and
    line) it comes from. `rehearsed`: at its end the next start is rehearsed. `fault`: what is hidden after the steps.
    """

    proof: Proof
    name: str
    where: str
    steps: tuple[Step, ...] = ()
    caught_by: frozenset[str] = frozenset()
    on_the_way: tuple[Case, ...] = ()
    fails: frozenset[str] = frozenset()
    part: MutantShare | None = None
    look_again: bool = False
    rehearsed: bool = False
    fault: Fault | None = None

    @property
    def right(self) -> bool:
        """Whether all checks must pass in the end."""
        return self.proof in (Proof.SOLUTION, Proof.WAYS)


EVERYTHING = Draw()
PARTS, WORTH_TWO = 2, 40
"""A lab's mutants are tried on so many lab hosts side by side; of a few one alone is sooner done."""


def cases_of(
    solutions: Sequence[Solution],
    lab_path: str,
    only: Collection[Proof],
    draw: Draw = EVERYTHING,
    faults: Sequence[Fault] = (),
    general: bool = False,
) -> list[Case]:
    """The cases that prove `only` (none: the usual proofs). Some need cases of other proofs, too.

    `faults`: the written ones that are offered; `general`: whether there may be general ones.
    """
    wanted = set(only) or Proof.chosen(())
    if wanted & {Proof.FACTS, Proof.REHEARSAL}:
        wanted |= {Proof.START, Proof.SOLUTION, Proof.WAYS, Proof.NEAR, Proof.STEPS}
    if wanted & {Proof.RESET, Proof.SOLUTION}:
        wanted.add(Proof.START)
    if Proof.LOOKING in wanted:
        wanted.add(Proof.SOLUTION)
    cases = [case for case in _all_cases(solutions, lab_path, draw) if case.proof in wanted]
    if Proof.FAULTS in wanted:
        cases += [Case(Proof.FAULTS, one.id, one.file, solutions[0].steps, fault=one) for one in faults]
    if Proof.GENERAL in wanted and general:
        cases.append(Case(Proof.GENERAL, "general faults", lab_path, solutions[0].steps))
    again = {Proof.SOLUTION} if Proof.LOOKING in wanted else set()
    rehearsed = (
        set(Proof) - {Proof.RESET, Proof.MUTANTS, Proof.FAULTS, Proof.GENERAL} if Proof.REHEARSAL in wanted else set()
    )
    return _shared([replace(case, look_again=case.proof in again, rehearsed=case.proof in rehearsed) for case in cases])


def _shared(cases: list[Case]) -> list[Case]:
    """The cases, without those that the solution passes through on its way: they need no lab host of their own.

    The start is one, the solution without its last step another, and whatever stops half-way. Looking changes nothing.
    """
    solution = next((case for case in cases if case.proof is Proof.SOLUTION), None)
    if solution is None:
        return cases
    passed = [
        case
        for case in cases
        if case.proof in (Proof.START, Proof.NEAR, Proof.STEPS) and case.steps == solution.steps[: len(case.steps)]
    ]
    passed.sort(key=lambda case: len(case.steps))
    whole = replace(solution, on_the_way=tuple(passed))
    return [whole if case is solution else case for case in cases if case not in passed]


def _all_cases(solutions: Sequence[Solution], lab_path: str, draw: Draw) -> Iterator[Case]:
    """The long ones first, so that at the end no core waits for one of them alone."""
    solution = solutions[0]
    yield Case(Proof.RESET, "reset after a mess", lab_path, solution.steps)
    parts = PARTS if not draw.number or draw.number >= WORTH_TWO else 1
    for number in range(parts):
        part = MutantShare(number, parts, draw)
        yield Case(Proof.MUTANTS, f"mutants {number + 1}/{parts}", lab_path, solution.steps, part=part)
    yield Case(Proof.SOLUTION, solution.name, solution.file, solution.steps)
    for one in solutions[1:]:
        proof = Proof.NEAR if one.caught_by else Proof.WAYS
        steps = without_last_looks(one.steps) if one.caught_by else one.steps
        yield Case(proof, one.name, one.file, steps, frozenset(one.caught_by), fails=frozenset(one.fails))
    for step in solution.steps:
        if not step.look:
            rest = tuple(other for other in solution.steps if other is not step)
            yield Case(Proof.STEPS, f"without {step.id}", f"{step.file}:{step.line}", without_last_looks(rest))
    yield Case(Proof.START, "start", lab_path)


def without_last_looks(steps: Sequence[Step]) -> tuple[Step, ...]:
    """`steps` without the looks at their end: where something is wrong they only wait for what never comes."""
    last = max((number for number, step in enumerate(steps) if not step.look), default=-1)
    return tuple(steps[: last + 1])
