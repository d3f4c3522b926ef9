"""Which fault of which lab: drawn by a seed alone, so that the same seed gives the same one to everybody."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from kvmlab.course.fault.reading import FaultFile

NONE: Mapping[str, Collection[int]] = MappingProxyType({})


class Offer(NamedTuple):
    """A fault and a lab that it is offered for. `file` None: one of the general ones, drawn on its lab host."""

    lab: str
    file: FaultFile | None


def offers(
    files: Iterable[FaultFile], labs: Sequence[str], level: int = 0, general: Mapping[str, Collection[int]] = NONE
) -> list[Offer]:
    """What can be hidden on these labs, of this level (0: of any), in a fixed order. `general`: the levels of the
    general faults that there are, too, by lab."""
    found = [Offer(lab, file) for lab in labs for file in files if lab in file.labs and level in (0, file.level)]
    found.sort(key=lambda one: (one.lab, one.file.id if one.file else ""))
    return found + [Offer(lab, None) for lab in sorted({*labs} & {*general}) if level in {0, *general[lab]}]


def drawn(found: Sequence[Offer], seed: str) -> Offer:
    """One of them: the lab first, so that one with many faults comes up as often as another; of a lab that has both,
    a general fault every other time."""
    draw = random.Random(f"repair {seed}")
    lab = draw.choice(sorted({one.lab for one in found}))
    own = [one for one in found if one.lab == lab]
    kind = draw.choice([False, True])
    return draw.choice([one for one in own if (one.file is None) is kind] or own)
