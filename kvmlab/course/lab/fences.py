"""The fences of one file of solutions/: which are steps, where each runs, where it goes in the base."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kvmlab.course.front_matter import Front
from kvmlab.course.lab.model import Lab
from kvmlab.course.markdown import tokens_of
from kvmlab.course.names import OBJECT, TASK
from kvmlab.course.source import Piece, Place
from kvmlab.course.template import render
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t

WHERE = ("replace", "before", "after")


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


class Fence(NamedTuple):
    """A step as it stands in its own file, and where it goes in the base."""

    step: Step
    where: str
    target: str
    place: Place


def read_fences(front: Front, lab: Lab) -> tuple[list[Fence], str]:
    """The steps of one file in order, and the first heading."""
    body, source = front.body, front.source
    tokens, lines = tokens_of(body.text), body.text.split("\n")
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
    settings = fence_words(info, place)
    look = settings.pop("look", None) is not None
    _refuse_guest(settings.get("guest"), place, lab)
    wheres = [key for key in WHERE if key in settings]
    if len(wheres) > 1:
        raise place.error(t("one of replace=, before=, after= at a time."))
    key = wheres[0] if wheres else ""
    target = settings.get(key, "")
    name = settings.get("id") or (target if key == "replace" else f"step-{number}")
    return Fence(Step(name, settings.get("guest"), code, look, **where), key, target, place)


def fence_words(
    info: str, place: Place, flags: Collection[str] = ("look",), keys: Collection[str] = ("guest", "id", *WHERE)
) -> dict[str, str]:
    """The words of a fence's info string after its language: `id=stp` by its key, `look` with "".

    AuthorError for any other.
    """
    try:
        words = shlex.split(info)[1:]
    except ValueError as error:
        raise place.error(t("the fence's first line: {reason}.", reason=shown(error))) from None
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key in settings or key not in (keys if equals else flags):
            raise place.error(t("`{word}` is not one of {words}.", word=shown(word), words=_shown_words(flags, keys)))
        allowed = OBJECT if key == "guest" else TASK
        if equals and not allowed.fullmatch(value):
            raise place.error(t("`{value}` cannot be a {key}.", value=shown(value), key=key))
        settings[key] = value
    return settings


def _shown_words(flags: Collection[str], keys: Collection[str]) -> str:
    return ", ".join([*(f"{key}=" for key in keys), *flags])


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
