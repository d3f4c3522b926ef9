"""`kvmlab list`: the labs by chapter, how long each takes, how far the student is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.cli.output import write_json
from kvmlab.cli.student import Standing, known_of, standings
from kvmlab.report.cells import cells, fit, right, wrapped
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course import Chapter

STYLES = {"done": "green", "running": "bold cyan", "stopped": "bold yellow", "begun": "yellow"}
STYLES |= {"solved": "dim", "new": "dim"}


def arguments(parser: ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: Namespace, ctx: Context) -> int:
    """Print the course. A lab with a broken lab.md is in the list, with what is wrong."""
    found = standings(ctx)
    if args.json:
        return write_json(_document(ctx, found))
    page = TextPage(color=ctx.color())
    _head(page, ctx, found)
    columns = _columns(page, found, ctx.lang)
    for chapter in ctx.course.chapters:
        if not chapter.labs and not chapter.questions:
            continue
        page.line()
        page.line(_heading(page, ctx, chapter))
        for one in found:
            if one.entry.chapter == chapter.id:
                _row(page, one, ctx.lang, columns)
    page.line()
    _legend(page, found)
    page.commands(
        [("kvmlab show LAB", t("what a lab asks for")), ("kvmlab start LAB", t("a lab host with the lab on it"))]
    )
    return 0


def _head(page: TextPage, ctx: Context, found: list[Standing]) -> None:
    points, most = sum(one.points for one in found), sum(one.entry.points for one in found)
    done = sum(bool(one.progress.done) for one in found)
    tail = t("{done} of {labs} labs, {points} of {most} points", done=done, labs=len(found), points=points, most=most)
    width = max(10, page.width - cells(tail) - 14)
    title = fit(ctx.course.title(ctx.lang), min(width, cells(ctx.course.title(ctx.lang)))).rstrip()
    page.line(f"{page.paint(title, 'bold')}  {page.bar(points, most)}  {page.paint(tail, 'dim')}")


def _heading(page: TextPage, ctx: Context, chapter: Chapter) -> str:
    """The chapter's title, and how much of its quiz is known."""
    title = page.paint(fit(chapter.title(ctx.lang), page.width - 20).rstrip(), "bold")
    if not chapter.questions:
        return title
    known, most = known_of(ctx, chapter), len(chapter.questions)
    return f"{title}  {page.paint(t('quiz {known}/{most}', known=known, most=most), 'dim')}"


class ColumnWidths(NamedTuple):
    """How wide the columns are."""

    ids: int
    titles: int
    minutes: int
    points: int
    bars: bool


def _columns(page: TextPage, found: list[Standing], lang: str) -> ColumnWidths:
    ids, minutes, points, titles = (
        max((cells(text(one)) for one in found), default=0)
        for text in (lambda one: one.entry.id, _minutes, _points, lambda one: _title(one, lang))
    )
    bars = page.width >= 100
    room = page.width - 4 - ids - 2 - 2 - minutes - 2 - points - (12 if bars else 0)
    return ColumnWidths(ids, max(8, min(room, titles)), minutes, points, bars)


def _row(page: TextPage, one: Standing, lang: str, columns: ColumnWidths) -> None:
    mark = page.paint(page.mark(one.state), STYLES[one.state])
    name = page.paint(fit(one.entry.id, columns.ids), "bold cyan" if one.state == "running" else "cyan")
    if one.entry.broken:
        page.line(f"  {mark} {name}  {page.paint(fit(one.entry.broken, page.width - columns.ids - 6).rstrip(), 'red')}")
        return
    style = "" if one.entry.complete else "dim"
    first, *more = wrapped(_title(one, lang), columns.titles)
    tail = [right(_minutes(one), columns.minutes), right(_points(one), columns.points)]
    if columns.bars:
        tail.append(page.bar(one.points, one.entry.points))
    page.line(f"  {mark} {name}  {page.paint(fit(first, columns.titles), style)}  " + "  ".join(tail))
    page.lines((page.paint(line, style) for line in more), indent=4 + columns.ids + 2)


def _title(one: Standing, lang: str) -> str:
    if one.entry.broken:
        return ""
    title = one.entry.title(lang)
    return title if one.entry.complete else t("{title} (not ready yet)", title=title)


def _minutes(one: Standing) -> str:
    return t("{minutes} min", minutes=one.entry.minutes) if one.entry.minutes else ""


def _points(one: Standing) -> str:
    return f"{one.points}/{one.entry.points}"


def _legend(page: TextPage, found: list[Standing]) -> None:
    """Only the signs that are there."""
    words = {
        "done": t("done"),
        "running": t("running"),
        "stopped": t("no longer runs"),
        "begun": t("begun"),
        "solved": t("solution seen"),
    }
    states = {one.state for one in found}
    signs = [f"{page.paint(page.mark(key), STYLES[key])} {word}" for key, word in words.items() if key in states]
    if signs:
        page.line("  " + "   ".join(signs))
        page.line()


def _document(ctx: Context, found: list[Standing]) -> dict[str, Any]:
    return {
        "schema": "kvmlab.list/1",
        "course": {"id": ctx.course.tag, "title": ctx.course.title(ctx.lang)},
        "points": sum(one.points for one in found),
        "max_points": sum(one.entry.points for one in found),
        "chapters": [
            {
                "id": chapter.id,
                "title": chapter.title(ctx.lang),
                "questions": {"known": known_of(ctx, chapter), "all": len(chapter.questions)},
                "labs": [_lab(one, ctx.lang) for one in found if one.entry.chapter == chapter.id],
            }
            for chapter in ctx.course.chapters
        ],
    }


def _lab(one: Standing, lang: str) -> dict[str, Any]:
    return {
        "id": one.entry.id,
        "title": one.entry.title(lang),
        "minutes": one.entry.minutes,
        "state": one.state,
        "points": one.points,
        "max_points": one.entry.points,
        "complete": one.entry.complete,
        "error": one.entry.broken or None,
        "tasks": [
            {"id": task.id, "max_points": task.points, "passed": task.id in one.progress.passed}
            for task in one.entry.tasks
        ],
    }
