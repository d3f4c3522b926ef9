"""All mutators, and the mutants they make of a scene: in a fixed order, or a part drawn by a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence

from kvmlab.mutants import devices, domains, guest, networks, storage, system  # noqa: F401  they fill LIBRARY
from kvmlab.mutants.mutator import LIBRARY, Mutant, Named


def mutants_of(things: Iterable[Named]) -> list[Mutant]:
    """Every mutant of these objects, each name once; those that leave scars come last."""
    found: dict[str, Mutant] = {}
    for thing in things:
        for one in LIBRARY:
            if one.kind == thing.kind and (mutant := one.of(thing)):
                found.setdefault(mutant.name, mutant)
    return sorted(found.values(), key=lambda mutant: mutant.change.scars)


def drawn(mutants: Sequence[Mutant], number: int, seed: str) -> list[Mutant]:
    """`number` of them (0: all), the same ones for the same seed, in their order."""
    if not number or number >= len(mutants):
        return list(mutants)
    chosen = {one.name for one in random.Random(os.fsencode(seed)).sample(list(mutants), number)}
    return [one for one in mutants if one.name in chosen]


def changes() -> dict[str, list[str]]:
    """The changes that the library can make, by kind of object."""
    found: dict[str, list[str]] = {}
    for one in LIBRARY:
        found.setdefault(one.kind, []).append(one.change)
    return found
