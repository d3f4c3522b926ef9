"""A page with wrapped, styled text on it: spans of text, marks before it, something at its right, commands below it."""

from __future__ import annotations

from itertools import groupby

from kvmlab.grading.verdicts import Verdict
from kvmlab.report.plain import TextPage, cells, wrap
from kvmlab.safe_text import clean

WIDEST = 120  # columns; a line longer than this is hard to follow, commands excepted
MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.BLOCKED: "○", Verdict.ERROR: "!"}
ASCII = {Verdict.PASSED: "+", Verdict.FAILED: "x", Verdict.BLOCKED: ".", Verdict.ERROR: "!"}
STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.BLOCKED: "dim", Verdict.ERROR: "yellow"}

Spans = list[tuple[str, str]]  # text and its styles


class Sheet:
    """Puts text on a page; nothing that is put there can move the cursor."""

    def __init__(self, page: TextPage) -> None:
        self.page = page
        self.width = min(page.width, WIDEST)
        self.marks = MARKS if page.mark("done") == "✓" else ASCII

    def line(self, text: str = "") -> None:
        """One line as it is: painted already, or nothing."""
        self.page.line(text)

    def put(
        self,
        spans: Spans,
        indent: int,
        *,
        mark: Verdict | None = None,
        right: Spans | None = None,
        lead: str = "",
        hang: int = 0,
    ) -> None:
        """Wrapped text after a mark, or after a `lead` of `hang` columns; `right` ends its first line."""
        hang = 2 if mark else hang
        room = max(20, self.width - indent - hang - (width_of(right) + 2 if right else 0))
        for number, line in enumerate(wrap(_glyphs(spans), room) or [[]]):
            start = (f"{self.mark(mark)} " if mark else lead) if number == 0 else " " * hang
            text = " " * indent + start + self.painted(line)
            if right and number == 0:
                text += " " * (room - width_of(line) + 2) + self.painted(right)
            self.page.line(text)

    def shell_line(self, indent: int, command: str) -> None:
        """A command on a line of its own, never broken: it is there to be copied."""
        self.page.line(" " * indent + self.paint("$ ", "dim") + self.command(command))

    def mark(self, verdict: Verdict) -> str:
        """The sign of a verdict, one column."""
        return self.paint(self.marks[verdict], STYLES[verdict])

    def command(self, text: str) -> str:
        """Something to type."""
        return self.paint(clean(text), "cyan")

    def paint(self, text: str, styles: str) -> str:
        """`text` in `styles`, where there is colour."""
        return self.page.paint(text, styles)

    def painted(self, spans: Spans) -> str:
        """Spans as one text; those of the same style are painted together."""
        grouped = groupby(spans, key=lambda span: span[1])
        return "".join(self.paint(clean("".join(text for text, _ in run)), style) for style, run in grouped)

    def code(self, sentence: str, style: str = "", code: str = "cyan") -> Spans:
        """`code` in backticks in its own colour; the backticks stay where there is no colour."""
        tick = "" if self.page.color else "`"
        parts = enumerate(sentence.split("`"))
        return [(f"{tick}{part}{tick}", code) if odd % 2 else (part, style) for odd, part in parts]


def width_of(spans: Spans) -> int:
    """Columns that the spans take."""
    return sum(cells(clean(text)) for text, _ in spans)


def padded(spans: Spans, width: int) -> Spans:
    """The spans and blanks up to `width` columns."""
    return [*spans, (" " * max(0, width - width_of(spans)), "")]


def _glyphs(spans: Spans) -> Spans:
    return [(letter, style) for text, style in spans for letter in clean(text)]
