"""Solutions: literate Markdown whose ```bash fences are steps that `solve` and `prove` carry out.

    ```bash                 on the lab host       ```bash look      only looks; proof never leaves it out
    ```bash guest=web1      in a guest            ```bash id=stp    named, so that others can refer to it

solution.md is the solution, way-*.md are other right ways, near-*.md are near-misses and name the checks
that must catch them (`caught_by`). A way or a near-miss may begin from another file (`base = "solution"`):
then each fence says where it goes (`replace=ID`, `before=ID`, `after=ID`); `omit = ["ID"]` leaves steps out.
A step that replaces another takes nothing over from it but the id: it says its own `guest=`.
All are templates over the lab's parameters, the fences' first lines too.
Rejected: going on at the base's end by default (a forgotten `replace=` would do the wrong thing silently).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from markdown_it import MarkdownIt

from kvmlab.course.front import Front, check_fields, read_front
from kvmlab.course.lab import Lab
from kvmlab.course.names import OBJECT, TASK, nearest, shown
from kvmlab.course.source import Piece, Place, read_source
from kvmlab.course.template import render
from kvmlab.errors import UsageError
from kvmlab.words import t

FILE = re.compile(r"(solution|(?:way|near)-[a-z0-9]+(?:-[a-z0-9]+)*)\.md")
WHERE = ("replace", "before", "after")


class Kind(Enum):
    """What a file of solutions/ is."""

    SOLUTION = "solution"
    WAY = "way"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Step:
    """One fence. `guest` None: on the lab host. `code` is for bash (in a small guest: its sh).

    `prose`: the Markdown above the fence. `file` and `line`: where the code's first line stands.
    """

    id: str
    guest: str | None
    code: str
    look: bool
    file: str
    line: int
    prose: str = ""


@dataclass(frozen=True, slots=True)
class Solution:
    """A file of solutions/, with its base worked in. `caught_by`: ids of checks, for near-misses only."""

    name: str
    title: str
    kind: Kind
    steps: tuple[Step, ...]
    caught_by: tuple[str, ...] = ()
    file: str = ""


class Fence(NamedTuple):
    """A step as it stands in its own file, and where it goes in the base."""

    step: Step
    where: str
    target: str
    place: Place


class Read(NamedTuple):
    """One file, rendered, its base not yet worked in."""

    front: Front
    kind: Kind
    title: str
    fences: list[Fence]


def read_solutions(root: Path, folder: Path, lab: Lab) -> tuple[Solution, ...]:
    """All solutions of a lab: the solution first, then ways, then near-misses, by name.

    No solution.md: UsageError. A broken file: AuthorError that begins with file:line.
    """
    if not (folder / "solution.md").is_file():
        where = folder.relative_to(root)
        raise UsageError(t("{lab} has no solution: {path}/solution.md is missing.", lab=lab.id, path=where))
    names = [path.name[:-3] for path in folder.iterdir() if FILE.fullmatch(path.name)]
    read = {name: _read(root, folder / f"{name}.md", lab) for name in names}
    order = list(Kind)
    names.sort(key=lambda name: (order.index(read[name].kind), name))
    return tuple(_solution(name, read) for name in names)


def _read(root: Path, path: Path, lab: Lab) -> Read:
    front = read_front(read_source(path, root), needed=False)
    header = check_fields(front, front.table, {"title": str, "base": str, "omit": list, "caught_by": list})
    kind = Kind(path.stem.partition("-")[0])
    _refuse_header(front, kind, lab)
    fences, heading = _fences(front, lab)
    title = header.get("title") or heading or path.stem
    return Read(front, kind, render(Piece(title, front.place("", 0, "title")), lab.values).strip(), fences)


def _refuse_header(front: Front, kind: Kind, lab: Lab) -> None:
    header = front.table
    for key in ("omit", "caught_by"):
        for name in header.get(key, []):
            if not isinstance(name, str) or not TASK.fullmatch(name):
                raise front.place("", 0, key).error(t("`{name}` is not an id.", name=shown(name)))
    if kind is Kind.NEAR and not header.get("caught_by"):
        message = t('a near-miss names the check that must catch it: `caught_by = ["…"]`.')
        raise front.place("", 0, "caught_by").error(message)
    if kind is not Kind.NEAR and "caught_by" in header:
        raise front.place("", 0, "caught_by").error(t("`caught_by` is for near-misses (near-*.md)."))
    if kind is Kind.SOLUTION and ("base" in header or "omit" in header):
        raise front.place("", 0, "base").error(t("solution.md stands alone: no `base`, no `omit`."))
    if "omit" in header and "base" not in header:
        raise front.place("", 0, "omit").error(t("`omit` needs a `base`."))


def _fences(front: Front, lab: Lab) -> tuple[list[Fence], str]:
    """The steps of one file in order, and the first heading."""
    body, source = front.body, front.source
    tokens, lines = MarkdownIt("commonmark").parse(body.text), body.text.split("\n")
    found: list[Fence] = []
    heading, prose_from = "", 0
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and not heading:
            heading = tokens[number + 1].content
        if token.type != "fence" or not token.map or token.info.split()[:1] != ["bash"]:
            continue
        start, end = token.map
        place = source.at(body.place.line + start)
        prose = Piece("\n".join(lines[prose_from:start]).strip("\n"), source.at(body.place.line + prose_from))
        info = render(Piece(token.info, place), lab.values)
        code = render(Piece(token.content, source.at(place.line + 1)), lab.values)
        where = {"file": source.name, "line": place.line + 1, "prose": render(prose, lab.values).strip()}
        found.append(_fence(info, code, place, len(found) + 1, where, lab))
        prose_from = end
    _refuse_twice(found)
    return found, heading


def _fence(info: str, code: str, place: Place, number: int, where: Mapping[str, Any], lab: Lab) -> Fence:
    """One fence from its info string: `bash guest=web1 id=stp look`."""
    try:
        words = shlex.split(info)[1:]
    except ValueError as error:
        raise place.error(t("the fence's first line: {reason}.", reason=shown(error))) from None
    look = "look" in words
    settings = {}
    for word in words:
        key, equals, value = word.partition("=")
        if word == "look":
            continue
        if not equals or key not in ("guest", "id", *WHERE) or key in settings:
            message = t("`{word}` is not guest=, id=, look, replace=, before= or after=.", word=shown(word))
            raise place.error(message)
        allowed = OBJECT if key == "guest" else TASK
        if not allowed.fullmatch(value):
            raise place.error(t("`{value}` cannot be a {key}.", value=shown(value), key=key))
        settings[key] = value
    _refuse_guest(settings.get("guest"), place, lab)
    wheres = [key for key in WHERE if key in settings]
    if len(wheres) > 1:
        raise place.error(t("one of replace=, before=, after= at a time."))
    key = wheres[0] if wheres else ""
    target = settings.get(key, "")
    name = settings.get("id") or (target if key == "replace" else f"step-{number}")
    return Fence(Step(name, settings.get("guest"), code, look, **where), key, target, place)


def _refuse_guest(guest: str | None, place: Place, lab: Lab) -> None:
    """Only where it is surely wrong: one letter off a guest of the lab. Others may be made by the student."""
    known = [one.name for one in lab.guests]
    if guest and guest not in known and (meant := nearest(guest, known)) and guest.lower() == meant.lower():
        raise place.error(t("there is no guest `{guest}`; did you mean `{meant}`?", guest=guest, meant=meant))


def _refuse_twice(fences: list[Fence]) -> None:
    seen: dict[str, int] = {}
    for one in fences:
        name = one.step.id
        if one.where:
            continue
        if name in seen:
            raise one.place.error(t("step `{name}` stands here and on line {line}.", name=name, line=seen[name]))
        seen[name] = one.place.line


def _solution(name: str, read: Mapping[str, Read]) -> Solution:
    one = read[name]
    steps = _steps(name, read, ())
    if not steps:
        raise one.front.source.error(1, t("has no step: a fence that begins with ```bash."))
    caught_by = tuple(one.front.table.get("caught_by", ()))
    return Solution(name, one.title, one.kind, tuple(steps), caught_by, one.front.source.name)


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
    if base not in read:
        meant = nearest(base, read)
        tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
        raise place.error(t("there is no `{name}.md` beside it.", name=shown(base)) + tail)
    if base in (*above, name):
        raise place.error(t("these files have each other as base: {circle}.", circle=" → ".join([*above, name, base])))
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
