"""Which fault of which lab: drawn by a seed alone, so that the same seed gives the same one to everybody."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kvmlab.course.fault.reading import FaultFile


class Offer(NamedTuple):
    """A fault and a lab that it is offered for."""

    lab: str
    file: FaultFile


def offers(files: Iterable[FaultFile], labs: Sequence[str], level: int = 0) -> list[Offer]:
    """What can be hidden on these labs, of this level (0: of any), in a fixed order."""
    found = [Offer(lab, file) for lab in labs for file in files if lab in file.labs and level in (0, file.level)]
    return sorted(found, key=lambda one: (one.lab, one.file.id))


def drawn(found: Sequence[Offer], seed: str) -> Offer:
    """One of them: the lab first, so that one with many faults does not come up more often than another."""
    draw = random.Random(f"repair {seed}")
    lab = draw.choice(sorted({one.lab for one in found}))
    return draw.choice([one for one in found if one.lab == lab])
