"""A rule for pictures: what stands in a fence is not wrapped, so it has to fit a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from kvmlab.course.markdown import tokens_of
from kvmlab.report.cells import cells
from kvmlab.words import t

WIDEST = 76  # cells; `kvmlab show` indents by four


def too_wide(text: str) -> Iterator[tuple[int, str]]:
    """The lines of fences that do not fit: how many lines below the first, and what to say."""
    for token in tokens_of(text):
        if token.type != "fence" or not token.map or token.info.strip() != "text":
            continue
        for number, line in enumerate(token.content.rstrip("\n").split("\n"), token.map[0] + 1):
            if (width := cells(line)) > WIDEST:
                yield number, t("this line takes {width} columns; a picture has {most}.", width=width, most=WIDEST)
