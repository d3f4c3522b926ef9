"""The text of a lab in the terminal: Markdown by rich, each task with its points and how far the student is.

At 124 columns and more the tasks stand beside the text, so that both are in sight; the text itself is never wider
than is good to read. Hints appear here once they have been given, an explanation once its task has passed.
"""

from __future__ import annotations

from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from kvmlab.course import Lab, LabProgress, Task
from kvmlab.report.plain import ASCII, MARKS, MOST_TEXT
from kvmlab.words import t

SIDE = 34  # columns of the list of tasks beside the text
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

    def __rich_console__(self, console: Console, options: object) -> list[RenderableType]:
        text = self.text.copy()
        text.justify = "left"
        text.stylize("bold")
        return [text]


class _Code(CodeBlock):
    """Plain lines, indented: no syntax colours, no background, so that a line can be copied as it is."""

    def __rich_console__(self, console: Console, options: object) -> list[RenderableType]:
        return [Padding(Text(str(self.text).rstrip(), style="cyan", overflow="fold"), (0, 0, 0, 2))]


class _Text(Markdown):
    elements = {**Markdown.elements, "heading_open": _Heading, "fence": _Code, "code_block": _Code}  # noqa: RUF012


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


def show_lab(
    console: Console, lab: Lab, progress: LabProgress, *, running: bool, commands: RenderableType | None = None
) -> None:
    """Print the whole lab."""
    marks = MARKS if console.encoding.lower().replace("-", "") == "utf8" else ASCII
    wide = console.width >= MOST_TEXT // 2 + SIDE + 42
    text = Group(
        _head(lab, progress),
        Text(),
        _markdown(lab.intro),
        *(part for number, task in enumerate(lab.tasks, 1) for part in _task(number, task, progress, marks)),
    )
    if not wide:
        console.print(Padding(text, (0, max(0, console.width - MOST_TEXT), 0, 0)))
    else:
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_column(width=min(MOST_TEXT, console.width - SIDE - 4))
        grid.add_column(width=SIDE)
        grid.add_row(text, _side(lab, progress, marks, running))
        console.print(grid)
    if commands is not None:
        console.print()
        console.print(commands)


def _head(lab: Lab, progress: LabProgress) -> RenderableType:
    facts = [lab.id, t("{minutes} min", minutes=lab.minutes), t("{points} points", points=lab.points)]
    if progress.checks:
        facts.append(t("best so far: {points}", points=progress.best_points))
    if lab.variant:
        facts.append(t("variant {variant}", variant=lab.variant))
    return Group(Text(lab.title, style="bold"), Text(" · ".join(facts), style="dim"))


def _task(number: int, task: Task, progress: LabProgress, marks: dict[str, str]) -> list[RenderableType]:
    """One task: a heading with its sign, id and points; its text; hints given; the explanation once passed."""
    passed = task.id in progress.passed
    head = Table.grid(padding=(0, 1, 0, 0), expand=True)
    head.add_column(width=1)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    sign = Text(marks["done"], style="green") if passed else Text(marks["new"], style="dim")
    title = Text.assemble((f"{number}. {task.title}", "bold"))
    head.add_row(sign, title, Text.assemble((task.id, "cyan"), (f"  {_points(task.points)}", "dim")))
    parts: list[RenderableType] = [Text(), head, Padding(_markdown(task.text), (0, 0, 0, 2))]
    for index, hint in enumerate(task.hints[: progress.hints.get(task.id, 0)], 1):
        label = t("hint {number} of {all}", number=index, all=len(task.hints))
        parts.append(_box(label, hint, "yellow"))
    if passed and task.explanation:
        parts.append(_box(t("explanation"), task.explanation, "green"))
    return parts


def _points(points: int) -> str:
    return t("1 point") if points == 1 else t("{points} points", points=points)


def _box(title: str, text: str, style: str) -> RenderableType:
    panel = Panel(_markdown(text), title=title, title_align="left", border_style=style, box=box.ROUNDED)
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


def _markdown(text: str) -> Markdown:
    return _Text(text, hyperlinks=False)
