"""Solutions: literate Markdown whose ```bash fences are steps that `solve` and `prove` carry out.

    ```bash                 on the lab host       ```bash look      only looks; proof never leaves it out
    ```bash guest=web1      in a guest            ```bash id=stp    named, so that others can refer to it

solution.md is the solution, way-*.md are other right ways, near-*.md are near-misses and name the checks
that must catch them (`caught_by`). A way or a near-miss may begin from another file (`base = "solution"`):
then each fence says where it goes (`replace=ID`, `before=ID`, `after=ID`); `omit = ["ID"]` leaves steps out.
A step of a way or near-miss that is meant to fail (the command refuses, which is the point): `fails = ["ID"]`.
A step that replaces another takes nothing over from it but the id: it says its own `guest=`.
A variant by name has its own in the folder of that name, where `base = "../way-live"` is a file above it.
All are templates over the lab's parameters, the fences' first lines too.
Rejected: going on at the base's end by default (a forgotten `replace=` would do the wrong thing silently).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from kvmlab.course.front_matter import Front, check_fields, read_front
from kvmlab.course.lab.fences import WHERE, Fence, Step, read_fences
from kvmlab.course.lab.model import Lab
from kvmlab.course.names import TASK
from kvmlab.course.source import Piece, Place, read_source
from kvmlab.course.template import render
from kvmlab.errors import UsageError
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t

__all__ = ["Solution", "SolutionKind", "Step", "read_solutions"]

FILE = re.compile(r"(solution|(?:way|near)-[a-z0-9]+(?:-[a-z0-9]+)*)\.md")
ABOVE = "../"
HEADER: dict[str, type | tuple[type, ...]] = {
    "title": str, "base": str, "omit": list, "caught_by": list, "fails": list
}  # fmt: skip


class SolutionKind(Enum):
    """What a file of solutions/ is."""

    SOLUTION = "solution"
    WAY = "way"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Solution:
    """A file of solutions/, with its base worked in. `caught_by`: ids of checks, for near-misses only.

    `fails`: ids of the steps that are meant to end with another status than 0.
    """

    name: str
    title: str
    kind: SolutionKind
    steps: tuple[Step, ...]
    caught_by: tuple[str, ...] = ()
    file: str = ""
    fails: tuple[str, ...] = ()


class Read(NamedTuple):
    """One file, rendered, its base not yet worked in."""

    front: Front
    kind: SolutionKind
    title: str
    fences: list[Fence]


def read_solutions(root: Path, folder: Path, lab: Lab) -> tuple[Solution, ...]:
    """All solutions of a lab: the solution first, then ways, then near-misses, by name.

    `folder`: that of the lab; of a variant by name those below it count. No solution.md: UsageError. A broken file:
    AuthorError that begins with file:line.
    """
    own = folder / lab.named
    if not (own / "solution.md").is_file():
        where = own.relative_to(root)
        raise UsageError(t("{lab} has no solution: {path}/solution.md is missing.", lab=lab.id, path=where))
    names = _files(own)
    read = {name: _read(root, own / f"{name}.md", lab) for name in names}
    if lab.named:
        read |= {f"{ABOVE}{name}": _read(root, folder / f"{name}.md", lab) for name in _files(folder)}
    order = list(SolutionKind)
    names.sort(key=lambda name: (order.index(read[name].kind), name))
    return tuple(_solution(name, read) for name in names)


def _files(folder: Path) -> list[str]:
    return [path.name[:-3] for path in folder.iterdir() if FILE.fullmatch(path.name)]


def _read(root: Path, path: Path, lab: Lab) -> Read:
    front = read_front(read_source(path, root), needed=False)
    header = check_fields(front, front.table, HEADER)
    kind = SolutionKind(path.stem.partition("-")[0])
    _refuse_header(front, kind, lab)
    fences, heading = read_fences(front, lab)
    title = header.get("title") or heading or path.stem
    return Read(front, kind, render(Piece(title, front.place("", 0, "title")), lab.values).strip(), fences)


def _refuse_header(front: Front, kind: SolutionKind, lab: Lab) -> None:
    header = front.table
    for key in ("omit", "caught_by", "fails"):
        for name in header.get(key, []):
            if not isinstance(name, str) or not TASK.fullmatch(name):
                raise front.place("", 0, key).error(t("`{name}` is not an id.", name=shown(name)))
    if kind is SolutionKind.NEAR and not header.get("caught_by"):
        message = t('a near-miss names the check that must catch it: `caught_by = ["…"]`.')
        raise front.place("", 0, "caught_by").error(message)
    if kind is not SolutionKind.NEAR and "caught_by" in header:
        raise front.place("", 0, "caught_by").error(t("`caught_by` is for near-misses (near-*.md)."))
    if kind is SolutionKind.SOLUTION and not lab.named and ("base" in header or "omit" in header):
        raise front.place("", 0, "base").error(t("solution.md stands alone: no `base`, no `omit`."))
    if kind is SolutionKind.SOLUTION and "fails" in header:
        raise front.place("", 0, "fails").error(t("no step of the solution is meant to fail: leave `fails` out."))
    if "omit" in header and "base" not in header:
        raise front.place("", 0, "omit").error(t("`omit` needs a `base`."))


def _solution(name: str, read: Mapping[str, Read]) -> Solution:
    one = read[name]
    steps = _steps(name, read, ())
    if not steps:
        raise one.front.source.error(1, t("has no step: a fence that begins with ```bash."))
    caught_by, fails = (tuple(one.front.table.get(key, ())) for key in ("caught_by", "fails"))
    for step in set(fails) - {step.id for step in steps}:
        raise one.front.place("", 0, "fails").error(t("there is no step `{name}`.", name=shown(step)))
    return Solution(name, one.title, one.kind, tuple(steps), caught_by, one.front.source.name, fails)


def _steps(name: str, read: Mapping[str, Read], above: tuple[str, ...]) -> list[Step]:
    """The steps of a file after its base has been worked in."""
    one = read[name]
    base = one.front.table.get("base")
    if base is None:
        for fence in one.fences:
            if fence.where:
                raise fence.place.error(t("`{key}=` needs a `base` in the front matter.", key=fence.where))
        return [fence.step for fence in one.fences]
    place = one.front.place("", 0, "base")
    if name.startswith(ABOVE):
        base = f"{ABOVE}{base}"
    if base not in read:
        meant = nearest(base, read)
        tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
        raise place.error(t("there is no `{name}.md` beside it.", name=shown(base)) + tail)
    if base in (*above, name):
        raise place.error(
            t("these files are based on each other, in a circle: {circle}.", circle=" → ".join([*above, name, base]))
        )
    steps = _steps(base, read, (*above, name))
    return _worked_in(one, steps)


def _worked_in(one: Read, base: list[Step]) -> list[Step]:
    known = {step.id for step in base}
    omit = one.front.table.get("omit", [])
    for name in omit:
        _refuse_unknown(name, known, one.front.place("", 0, "omit"))
    slots: dict[str, dict[str, list[Step]]] = {step.id: {key: [] for key in WHERE} for step in base}
    for fence in one.fences:
        if not fence.where:
            message = t("this file has a base: say replace=ID, before=ID or after=ID.")
            raise fence.place.error(message)
        _refuse_unknown(fence.target, known, fence.place)
        if fence.target in omit and fence.where == "replace":
            raise fence.place.error(t("step `{name}` is omitted and replaced.", name=fence.target))
        slots[fence.target][fence.where].append(fence.step)
    steps = []
    for step in base:
        slot = slots[step.id]
        kept = [] if step.id in omit else slot["replace"] or [step]
        steps += [*slot["before"], *kept, *slot["after"]]
    return _own_ids(steps)


def _own_ids(steps: list[Step]) -> list[Step]:
    """Ids made unique: a file's step-1 and its base's step-1 are two steps."""
    seen: set[str] = set()
    result = []
    for step in steps:
        name, number = step.id, 2
        while name in seen:
            name, number = f"{step.id}-{number}", number + 1
        seen.add(name)
        result.append(step if name == step.id else replace(step, id=name))
    return result


def _refuse_unknown(name: str, known: set[str], place: Place) -> None:
    if name not in known:
        meant = nearest(name, known)
        tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
        raise place.error(t("the base has no step `{name}`.", name=shown(name)) + tail)
