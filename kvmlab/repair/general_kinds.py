"""Which mutants are offered as general faults, and what each is called: general.toml, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.mutants.library import mutants_of
from kvmlab.mutants.scene import SceneDomain, ScenePool

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.mutants.mutator import Mutant, Named

PREFIX = "general: "
LANGUAGES = ("en", "zh")
NOTES = ("/root/.kvmlab-kept", "/var/tmp/.kvmlab-routes")
"""What mutators write down for their undoing, in a guest and on the host: removed once a fault is to stay."""


class FaultKind(NamedTuple):
    """A mutator that is offered: its level, and what it is called afterwards, by language."""

    level: int
    titles: Mapping[str, str]


class Offered(NamedTuple):
    """A mutant of this lab host that may be hidden. `thing`: as the mutant names it; `kind`: of that."""

    mutant: Mutant
    kind: str
    thing: str
    told: FaultKind

    @property
    def id(self) -> str:
        """Of the fault that it makes."""
        return PREFIX + self.mutant.name


@cache
def texts() -> dict[str, Any]:
    """general.toml."""
    return tomllib.loads(Path(__file__).with_name("general.toml").read_text(encoding="utf-8"))


def kinds() -> dict[tuple[str, str], FaultKind]:
    """The mutators that are offered, by kind of object and change."""
    rows = texts()["mutant"]
    return {
        (one["kind"], one["change"]): FaultKind(one["level"], {lang: one[lang] for lang in LANGUAGES}) for one in rows
    }


def serves(lab: Lab) -> bool:
    """Whether there may be anything for a general fault on its lab host: libvirt, from the start."""
    return lab.host == "full" and bool(lab.guests or lab.networks or lab.pools)


def offered_of(found: Sequence[Named], lab: Lab) -> list[Offered]:
    """What may be hidden on a lab host with these objects: offered, caught by the lab, and without a trace of ours."""
    from fnmatch import fnmatchcase

    offered, known = [], kinds()
    for mutant in mutants_of(found):
        what, _, change = mutant.name.partition(": ")
        kind, _, thing = what.partition(" ")
        told = known.get((kind, change))
        traces = "kvmlab" in _without(mutant.change.do, "KVMLAB-XML", *NOTES)
        survives = any(fnmatchcase(mutant.name, one.mutant) for one in lab.survivors)
        idle = kind == "file" and not used_at_all(thing, found)
        if told is not None and not traces and not survives and not idle:
            offered.append(Offered(mutant, kind, thing, told))
    return offered


def used_at_all(path: str, found: Sequence[Named]) -> bool:
    """Whether anything of libvirt may need the file: a pool that names it, or a guest, whose disks may stand on it."""
    return any(
        isinstance(one, SceneDomain) or (isinstance(one, ScenePool) and f">{path}<" in one.stored) for one in found
    )


def _without(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text.lower()
