"""Text for a terminal without rich, for the verbs that have to answer at once: list, status, hint, overview.

Widths are counted in cells: a Chinese character takes two. Nothing that is printed can move the cursor: control
characters are dropped from every text before it is laid out, only our own colours are added after.
Rejected: rich for these verbs (its import alone takes three times an empty Python).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from kvmlab.report.cells import Glyphs, cells, fit, no_blank, right, wrap, wrapped
from kvmlab.report.encoding import NAME
from kvmlab.safe_text import clean, clean_code
from kvmlab.words import t

__all__ = ["TextPage", "cells", "fit", "right", "terminal_width", "wrap", "wrapped"]

SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
MARKS = {"done": "✓", "running": "▸", "stopped": "▹", "begun": "◔", "solved": "◌", "new": "◦"}
ASCII = {"done": "x", "running": ">", "stopped": "|", "begun": "~", "solved": "s", "new": "."}
MARKS |= {"full": "▰", "empty": "▱"}
ASCII |= {"full": "#", "empty": "-"}
MOST_TEXT = 96  # a line of prose longer than this is hard to read

_INLINE = r"(`+)(.+?)\1|\*\*(.+?)\*\*|(?<![A-Za-z0-9_*])\*([^\s*][^*]*?)\*(?![A-Za-z0-9_*])|\[([^\]]+)\]\([^)]*\)"
_ITEM = r"(\s*)([-*+]|\d{1,2}[.)])\s+(.*)"


def terminal_width(stream: TextIO | None = None) -> int:
    """$COLUMNS, else the terminal's width, else 80; never less than 40."""
    try:
        found = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        try:
            found = os.get_terminal_size((stream or sys.stdout).fileno()).columns
        except (OSError, ValueError, AttributeError):
            found = 80
    return max(40, found) if found > 0 else 80


class TextPage:
    """Lines for `stream`, in colour or not, at most `width` cells wide."""

    def __init__(self, *, color: bool, width: int | None = None, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.color = color
        self.width = width or terminal_width(self.stream)
        utf8 = (getattr(self.stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
        self._marks = MARKS if utf8 else ASCII

    def mark(self, name: str) -> str:
        """A sign of one cell: done, running, stopped, begun, solved, new."""
        return self._marks[name]

    def paint(self, text: str, styles: str) -> str:
        """`text` in `styles` ("bold green"), or as it is where there is no colour."""
        if not self.color or not styles or not text:
            return text
        return f"\x1b[{';'.join(SGR[one] for one in styles.split())}m{text}\x1b[0m"

    def bar(self, part: int, whole: int, width: int = 10) -> str:
        """How much of `whole` is reached: ▰▰▰▱▱. Only nothing is empty, only all is full."""
        filled = 0 if whole <= 0 else min(width, part * width // whole)
        if part > 0:
            filled = max(1, filled)
        style = "green" if 0 < whole <= part else "cyan"
        full, empty = self._marks["full"] * filled, self._marks["empty"] * (width - filled)
        return self.paint(full, style) + self.paint(empty, "dim")

    def line(self, text: str = "") -> None:
        """One line; what the stream's encoding does not have is written plainly."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(text.rstrip(" ").encode(encoding, NAME).decode(encoding) + "\n")

    def lines(self, found: Iterable[str], indent: int = 0) -> None:
        """Several lines, moved right by `indent`."""
        for one in found:
            self.line(" " * indent + one if one else "")

    def commands(self, rows: Sequence[tuple[str, str]], indent: int = 2) -> None:
        """Commands to go on with, and what each is for; beside each other where there is room."""
        widest = max((cells(command) for command, _ in rows), default=0)
        for command, purpose in rows:
            shown = self.paint(clean(command), "cyan") + " " * (widest - cells(command))
            room = self.width - indent - widest - 3
            if room >= 20:
                self.line(" " * indent + shown + "   " + self.paint(fit(purpose, room).rstrip(), "dim"))
            else:
                self.line(" " * indent + shown)

    def prose(self, text: str, indent: int = 2) -> None:
        """A little Markdown, wrapped: paragraphs, fences, lists, `code`, **bold**."""
        width = min(self.width - indent, MOST_TEXT)
        for block in _blocks(text):
            if block is None:
                self.line()
            elif isinstance(block, str):
                self.line(" " * (indent + 2) + self.paint(clean_code(block), "cyan"))
            else:
                self._paragraph(*block, indent, width)

    def _paragraph(self, lead: str, text: str, indent: int, width: int) -> None:
        hang = " " * cells(lead)
        for number, glyphs in enumerate(wrap(self._inline(text), max(10, width - len(hang)))):
            self.line(" " * indent + (hang if number else lead) + self._painted(glyphs))

    def title(self, text: str, width: int, styles: str = "") -> str:
        """One line with `code` in its colour, cut and filled as `fit` does."""
        glyphs = self._inline(text)
        shown = fit("".join(letter for letter, _ in glyphs), width)
        kept = len(shown.rstrip("… ")) if shown.rstrip().endswith("…") else len(glyphs)
        painted = [(letter, f"{styles} {style}".strip()) for letter, style in glyphs[:kept]]
        return self._painted([*painted, *((letter, "") for letter in shown[kept:])])

    def _inline(self, text: str) -> Glyphs:
        """Characters with their styles; without colour, code keeps its backticks."""
        found: Glyphs = []
        at = 0
        for match in re.finditer(_INLINE, text):
            found += [(letter, "") for letter in clean(text[at : match.start()])]
            code, strong, weak, link = match[2], match[3], match[4], match[5]
            inner, style = (code, "cyan") if code else (strong, "bold") if strong else (weak or link, "")
            shown = f"`{inner}`" if code and not self.color else inner
            found += [(letter, style) for letter in clean(shown)]
            at = match.end()
        return found + [(letter, "") for letter in clean(text[at:])]

    def _painted(self, glyphs: Glyphs) -> str:
        result, run, style = "", "", ""
        for letter, wanted in [*glyphs, ("", "end")]:
            if wanted != style:
                result, run, style = result + self.paint(run, style), "", wanted
            run += letter
        return result


def _blocks(text: str) -> list[str | tuple[str, str] | None]:
    """Code lines (text), paragraphs and list items (lead, text), and None for a free line between them."""
    found: list[str | tuple[str, str] | None] = []
    fence, joined = "", False
    for line in text.strip().split("\n"):
        bare = line.strip()
        if fence:
            if bare == fence:
                fence = ""
            else:
                found.append(line)
        elif bare.startswith(("```", "~~~")):
            fence, joined = bare[:3], False
            if found and found[-1] is not None:
                found.append(None)
        elif not bare:
            joined = False
            if found and found[-1] is not None:
                found.append(None)
        elif item := re.fullmatch(_ITEM, line):
            lead = item[1] + ("• " if item[2] in "-*+" else f"{item[2]} ")
            found.append((lead, item[3]))
            joined = True
        elif joined and isinstance(found[-1], tuple):
            found[-1] = (found[-1][0], _joined(found[-1][1], bare))
        else:
            found.append(("", bare))
            joined = True
    return found


def _joined(before: str, after: str) -> str:
    """Two lines of a paragraph as one."""
    return before + ("" if no_blank(before, after) else " ") + after


def time_left(seconds: float) -> str:
    """ "12 s left", "3 min left"."""
    if seconds < 90:
        return t("{seconds:.0f} s left", seconds=max(0.0, seconds))
    return t("{minutes:.0f} min left", minutes=seconds / 60)
