"""Claims: the sentences of a task that state a condition, each tied by its author to the checks that look at it.

    Make the network `lab`: isolated, with DHCP. It runs now. {=network-is-isolated, network-is-active}

The mark stands behind the sentence, in every language, and is not shown to anybody. `{=-}` says that a sentence
only sounds like a condition. In fences there are no marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kvmlab.course.source import Piece, Place

MARK = re.compile(r"[ \t]*\{=\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*\}")
NOTHING = "-"
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_END = re.compile(r"(?<=[.!?;])(?=\s)|(?<=[。！？；])|\n[ \t]*\n")


class Claim(NamedTuple):
    """One sentence and the ids of the checks behind it; none where its author has not said."""

    sentence: str
    checks: tuple[str, ...]
    place: Place

    @property
    def marked(self) -> bool:
        """Its author has gone through it."""
        return bool(self.checks)


def unmarked(piece: Piece) -> Piece:
    """The text as it is to be read; its lines stay where they were."""
    return Piece(_outside_fences(piece.text, lambda text: MARK.sub("", text)), piece.place)


def claims_of(piece: Piece) -> Iterator[Claim]:
    """All sentences of a text, in order, with what they are tied to."""
    text = _FENCE.sub(lambda found: re.sub(r"[^\n]", "", found[0]), piece.text)  # the lines stay
    start = 0
    for mark in MARK.finditer(text):
        *before, last = _sentences(text, start, mark.start())
        yield from (Claim(sentence, (), _at(piece, text, at)) for sentence, at in before)
        yield Claim(last[0], tuple(re.split(r"\s*,\s*", mark[1])), _at(piece, text, last[1]))
        start = mark.end()
    rest = _sentences(text, start, len(text))
    yield from (Claim(sentence, (), _at(piece, text, at)) for sentence, at in rest if sentence)


def _sentences(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """The sentences between two places, each with where it begins; an empty one where there is none."""
    found, at = [], start
    for stop in [*(found.end() for found in _END.finditer(text, start, end)), end]:
        if sentence := " ".join(text[at:stop].split()):
            found.append((sentence, at + len(text[at:stop]) - len(text[at:stop].lstrip())))
        at = stop
    return found or [("", start)]


def _at(piece: Piece, text: str, place: int) -> Place:
    return piece.place.source.at(piece.place.line + text.count("\n", 0, place))


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    parts: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        parts += [change(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join((*parts, change(text[at:])))
