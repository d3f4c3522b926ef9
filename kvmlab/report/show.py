"""The text of a lab in the terminal: Markdown by rich, each task with its points and how far the student is.

At 124 columns and more the tasks stand beside the text, so that both are in sight; the text itself is never
wider than is good to read. Hints appear here once they have been given, an explanation once its task has passed.
Lines are broken by `plain.wrap`: rich knows blanks only, and Chinese has none.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any, TextIO

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, Paragraph, TableElement
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from kvmlab.course import Lab, LabProgress, Task
from kvmlab.report.cells import cells, no_blank, wrap
from kvmlab.report.plain import ASCII, MARKS, MOST_TEXT
from kvmlab.safe_text import clean, clean_code
from kvmlab.words import t

SIDE = 34  # columns of the list of tasks beside the text
WIDE = 124  # from here on it stands there
THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "cyan",
        "markdown.h3": "bold",
        "markdown.h4": "bold",
        "markdown.link": "underline",
        "markdown.item.bullet": "dim",
    }
)


class _Heading(Heading):
    """At the left, in bold; rich would centre the first two levels."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.stylize("bold")
        yield _broken(text, options.max_width)


class _Paragraph(Paragraph):
    """Broken where Chinese may be broken, too."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _broken(self.text, options.max_width)


class _Code(CodeBlock):
    """Plain lines, indented where they fit: no background, so that a line can be copied as it is."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        indent = 2 if max(map(cells, code.split("\n"))) + 2 <= options.max_width else 0
        yield Padding(Text(code, style="cyan", overflow="fold"), (0, 0, 0, indent))


class _Cell:
    """A table's cell, broken like a paragraph: rich takes a Chinese sentence for one word, and cuts it off."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _broken(self.text, options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(cells, self.text.plain.split("\n")))
        word = max(map(cells, re.findall(r"[!-~]+|.", self.text.plain)), default=1)
        return Measurement(min(word, widest), widest).with_maximum(options.max_width)


class _Table(TableElement):
    """As rich has it, with cells that lose no text."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
        for column in self.header.row.cells if self.header and self.header.row else ():
            heading = column.content.copy()
            heading.stylize("bold")
            table.add_column(_Cell(heading), overflow="fold")
        for row in self.body.rows if self.body else ():
            table.add_row(*(_Cell(element.content) for element in row.cells))
        yield table


class _Text(Markdown):
    elements = {  # noqa: RUF012
        **Markdown.elements,
        "heading_open": _Heading,
        "paragraph_open": _Paragraph,
        "fence": _Code,
        "code_block": _Code,
        "table_open": _Table,
    }

    def __init__(self, text: str) -> None:
        super().__init__(clean_code(text), hyperlinks=False)
        for token in self.parsed:
            _join_chinese(token.children or [])


def _join_chinese(inline: list[Any]) -> None:
    """A line's end between two Chinese characters is no blank."""
    for before, here, after in zip(inline, inline[1:], inline[2:], strict=False):
        if here.type == "softbreak" and no_blank(before.content, after.content):
            here.type, here.content = "text", ""


def _broken(text: Text, width: int) -> Text:
    """`text` with its lines broken for `width` columns, whatever styles run through it."""
    found = Text()
    for number, line in enumerate(text.split("\n", allow_blank=True)):
        ends = list(accumulate(map(len, wrap([(letter, "") for letter in line.plain], width, keep=True))))
        for part, piece in enumerate(line.divide(ends[:-1])):
            piece.rstrip()
            found.append("\n" if number or part else "").append_text(piece)
    return found


def console_for(*, color: bool, width: int, stream: TextIO | None = None) -> Console:
    """A console that colours only what we say, at exactly `width` columns."""
    return Console(
        file=stream,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        theme=THEME,
        legacy_windows=False,
    )


def show_lab(console: Console, lab: Lab, progress: LabProgress, *, running: bool) -> None:
    """Print the whole lab."""
    marks = MARKS if console.encoding.lower().replace("-", "") == "utf8" else ASCII
    text = Group(
        _head(lab, progress),
        Text(),
        _Text(lab.intro),
        *(part for number, task in enumerate(lab.tasks, 1) for part in _task(number, task, progress, marks)),
    )
    page: RenderableType = Padding(text, (0, max(0, console.width - MOST_TEXT), 0, 0))
    if console.width >= WIDE:
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_column(width=min(MOST_TEXT, console.width - SIDE - 4))
        grid.add_column(width=SIDE)
        grid.add_row(text, _side(lab, progress, marks, running))
        page = grid
    _print(console, page)


def show_text(console: Console, text: str) -> None:
    """Print a Markdown text."""
    _print(console, Padding(_Text(text), (0, max(0, console.width - MOST_TEXT), 0, 0)))


def _print(console: Console, page: RenderableType) -> None:
    with console.capture() as printed:
        console.print(page)
    lines = printed.get().rstrip("\n").split("\n")
    console.file.write("".join(f"{_without_tail(line)}\n" for line in lines))


def _without_tail(line: str) -> str:
    """`line` without the blanks that fill it up; colours that end among them still end."""
    tail = re.search(r"(?: |\x1b\[[0-9;]*m)+$", line)
    return line[: tail.start()] + tail[0].replace(" ", "") if tail else line


def _head(lab: Lab, progress: LabProgress) -> RenderableType:
    facts = [lab.id, t("{minutes} min", minutes=lab.minutes), t("{points} points", points=lab.points)]
    if progress.checks:
        facts.append(t("best so far: {points}", points=progress.best_points))
    if lab.variant:
        facts.append(t("variant {variant}", variant=lab.variant))
    return Group(Text(clean(lab.title), style="bold"), Text(" · ".join(facts), style="dim"))


def _task(number: int, task: Task, progress: LabProgress, marks: dict[str, str]) -> list[RenderableType]:
    """One task: a heading with its sign, id and points; its text; hints given; the explanation once passed."""
    passed = task.id in progress.passed
    head = Table.grid(padding=(0, 1, 0, 0), expand=True)
    head.add_column(width=1)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    sign = Text(marks["done"], style="green") if passed else Text(marks["new"], style="dim")
    head.add_row(
        sign, _title(f"{number}. {task.title}"), Text.assemble((task.id, "cyan"), (f"  {_points(task.points)}", "dim"))
    )
    parts: list[RenderableType] = [Text(), head, Padding(_Text(task.text), (0, 0, 0, 2))]
    for index, hint in enumerate(task.hints[: progress.hints.get(task.id, 0)], 1):
        label = t("hint {number} of {all}", number=index, all=len(task.hints))
        parts.append(_box(label, hint, "yellow"))
    if passed and task.explanation:
        parts.append(_box(t("explanation"), task.explanation, "green"))
    return parts


def _title(title: str) -> Text:
    """Bold, with `code` in its colour."""
    parts = clean(title).split("`")
    if len(parts) % 2 == 0:
        return Text(clean(title), style="bold")
    return Text.assemble(*((part, "bold cyan" if odd % 2 else "bold") for odd, part in enumerate(parts)))


def _points(points: int) -> str:
    return t("1 point") if points == 1 else t("{points} points", points=points)


def _box(title: str, text: str, style: str) -> RenderableType:
    panel = Panel(_Text(text), title=title, title_align="left", border_style=style, box=box.ROUNDED)
    return Padding(panel, (0, 0, 0, 2))


def _side(lab: Lab, progress: LabProgress, marks: dict[str, str], running: bool) -> RenderableType:
    """The tasks, their points and how many have passed, to stand beside the text."""
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right")
    for task in lab.tasks:
        passed = task.id in progress.passed
        sign = Text(marks["done"], style="green") if passed else Text(marks["new"], style="dim")
        table.add_row(sign, Text(task.id, style="cyan"), Text(str(task.points), style="dim"))
    state = t("running") if running else t("not running")
    below = Text(f"{state} · {progress.points}/{lab.points}", style="dim")
    return Panel(Group(table, Text(), below), title=t("tasks"), title_align="left", border_style="dim")
