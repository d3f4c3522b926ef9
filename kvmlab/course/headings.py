"""A Markdown text split at its headings: what labs, quizzes and the book have in common.

Headings of level 2 and 3 make parts; those below belong to the text. What looks like a heading in a fence, a quote or
a list is none.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from kvmlab.course.markdown import tokens_of
from kvmlab.course.source import Piece, Place
from kvmlab.words import t

ATTRIBUTES = re.compile(r"\s*\{#([^\s}]*)\s*([^}]*)\}$")
"""What a heading ends in: its id, and settings: `{#uplink points=3}`."""


class Heading(NamedTuple):
    """An ATX heading of level 2 or 3; `end` is the line below it (from 0)."""

    level: int
    text: str
    start: int
    end: int


class HeadedText(NamedTuple):
    """A heading and what stands under it."""

    heading: Heading
    place: Place
    body: Piece


def split(body: Piece) -> tuple[Piece, list[HeadedText]]:
    """What stands before the first heading of level 2, and the parts from there on."""
    found = _headings(body)
    lines = body.text.split("\n")
    intro_end = next((one.start for one in found if one.level == 2), len(lines))
    parts = [
        _part(body, lines, one, following)
        for one, following in zip(found, [*found[1:], None], strict=False)
        if one.start >= intro_end
    ]
    return _piece(body, lines, 0, intro_end), parts


def groups(parts: list[HeadedText]) -> list[list[HeadedText]]:
    """Each part of level 2 with those of level 3 below it."""
    found: list[list[HeadedText]] = []
    for part in parts:
        if part.heading.level == 2:
            found.append([])
        found[-1].append(part)
    return found


def _headings(body: Piece) -> list[Heading]:
    tokens = tokens_of(body.text)
    found = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level or not token.map:
            continue
        level, place = int(token.tag[1]), body.place
        if level == 1:
            message = t("the title stands in the front matter; headings begin with `##`.")
            raise place.error(message, below=token.map[0])
        if not token.markup.startswith("#"):
            message = t("a line of `-` under a text makes a heading; write `## …`, or leave a line free.")
            raise place.error(message, below=token.map[0])
        if level <= 3:
            found.append(Heading(level, inline.content.strip(), *token.map))
    return found


def _part(body: Piece, lines: list[str], one: Heading, following: Heading | None) -> HeadedText:
    place = body.place.source.at(body.place.line + one.start)
    return HeadedText(one, place, _piece(body, lines, one.end, following.start if following else len(lines)))


def _piece(body: Piece, lines: list[str], start: int, end: int) -> Piece:
    while start < end and not lines[start].strip():
        start += 1
    text = "\n".join(lines[start:end]).rstrip()
    return Piece(text, body.place.source.at(body.place.line + start))
