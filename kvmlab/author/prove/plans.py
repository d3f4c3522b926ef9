"""What is to be proved: labs, each in one or more variants, each with its cases. What is seen wrong is said first."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kvmlab.author.prove.cases import EVERYTHING, Case, Draw, cases_of
from kvmlab.author.prove.proof import Proof
from kvmlab.errors import AuthorError
from kvmlab.repair.general_kinds import serves
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Course, Lab
    from kvmlab.course.fault.model import Fault
    from kvmlab.course.lab.solution import Solution


@dataclass(frozen=True)
class Plan:
    """One lab in one variant, its cases, and which proofs they are for."""

    lab: Lab
    cases: tuple[Case, ...]
    only: frozenset[Proof] = frozenset()


OF_THE_WHOLE = frozenset((Proof.FACTS, Proof.RESET, Proof.STEPS))
"""What is proved of a lab once: a variant by name has its own right ways and near-misses, for what is other in it."""


def plans_of(
    course: Course,
    lab_ids: Sequence[str],
    variants: Sequence[str | None],
    only: Collection[Proof],
    draw: Draw = EVERYTHING,
    fault_ids: Collection[str] = (),
    *,
    by_name: bool = True,
) -> list[Plan]:
    """A plan per lab (none named: all that are complete) and variant; a variant that draws nothing new is left out.

    `by_name`: beside the course's own values, the lab's variants that have a name.

    UsageError or AuthorError, with file and line, where text, checker and solutions do not fit together.
    """
    chosen = [course.entry(one).id for one in lab_ids] or [one for one in course.ids if course.entries[one].complete]
    plans = []
    for lab_id in dict.fromkeys(chosen):
        seen: list[dict[str, object]] = []
        for variant in _with_named(course, lab_id, variants) if by_name else variants:
            lab = course.lab(lab_id, "en", variant)
            if lab.values not in seen:
                seen.append(lab.values)
                own = draw._replace(survivors=lab.survivors)
                mine = frozenset(only or Proof.chosen(())) - (OF_THE_WHOLE if lab.named else frozenset())
                faults = _faults(course, lab, fault_ids) if Proof.FAULTS in mine else []
                solutions = _sound_solutions(course, lab)
                cases = cases_of(solutions, f"{lab.path}/lab.md", mine, own, faults, serves(lab)) if mine else []
                plans.append(Plan(lab, tuple(cases), mine))
    return plans


def _with_named(course: Course, lab_id: str, variants: Sequence[str | None]) -> list[str | None]:
    """The variants, and with the course's own values those that have a name."""
    return [*variants, *(course.lab(lab_id).by_name if None in variants else ())]


def _faults(course: Course, lab: Lab, only: Collection[str]) -> list[Fault]:
    """The faults that the course offers for this lab; of those named, where any are."""
    found = [one for one in course.faults() if lab.id in one.labs and (not only or one.id in only)]
    return [one.for_lab(lab) for one in found]


def shuffled(plans: Sequence[Plan], seed: str) -> list[Plan]:
    """The same plans and cases, in an order of chance: nothing may depend on what was proved before."""
    draw = random.Random(os.fsencode(seed))
    mixed = [replace(plan, cases=tuple(draw.sample(plan.cases, len(plan.cases)))) for plan in plans]
    draw.shuffle(mixed)
    return mixed


def random_variants(number: int) -> list[str | None]:
    """The course's own values, and `number` seeds nobody has tried yet."""
    return [None, *(secrets.token_hex(3) for _ in range(number))]


def _sound_solutions(course: Course, lab: Lab) -> tuple[Solution, ...]:
    from kvmlab.nearest import nearest
    from kvmlab.observe.grade import checks_of

    checks = checks_of(lab, course.checker(lab.id))
    checks.must_fit(lab.tasks)
    solutions, known = course.solutions(lab), [check.id for check in checks.checks]
    for one in solutions:
        for name in one.caught_by:
            if name not in known:
                meant = nearest(name, known)
                tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
                raise AuthorError(f"{one.file}:1: " + t("there is no check `{name}`.", name=name) + tail)
    return solutions
