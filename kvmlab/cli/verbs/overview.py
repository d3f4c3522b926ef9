"""`kvmlab` alone: where am I, what is running, what next."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from kvmlab.cli.exam.rules import is_examined
from kvmlab.cli.student import Standing, is_repair, known_of, standings, state_since, titles
from kvmlab.cli.verbs.status import next_commands
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context


def arguments(parser: ArgumentParser) -> None:
    """Declare nothing: the overview has no arguments."""


def run(args: Namespace, ctx: Context) -> int:
    """Print the course in one line, each lab that runs, and the commands to go on with."""
    found = standings(ctx)
    page = TextPage(color=ctx.color())
    _course(page, ctx, found)
    running = [one for one in found if one.run]
    for one in running:
        page.line()
        _running(page, one, ctx)
    page.line()
    page.line(page.paint(t("What next"), "bold"))
    page.commands([*_exam(ctx), *_next(running, found)])
    return 0


def _course(page: TextPage, ctx: Context, found: list[Standing]) -> None:
    title = ctx.course.title(ctx.lang)
    page.line(page.paint(fit(title, min(cells(title), page.width)).rstrip(), "bold"))
    points, most = sum(one.points for one in found), sum(one.entry.points for one in found)
    done = sum(bool(one.progress.done) for one in found)
    words = t("{done} of {labs} labs, {points} of {most} points", done=done, labs=len(found), points=points, most=most)
    page.line(f"{page.bar(points, most, 20)}  {page.paint(words, 'dim')}")
    if asked := sum(len(one.questions) for one in ctx.course.chapters):
        known = sum(known_of(ctx, one) for one in ctx.course.chapters)
        page.line(f"{page.bar(known, asked, 20)}  {page.paint(_known(known, asked), 'dim')}")


def _known(known: int, asked: int) -> str:
    return t("{known} of {asked} questions of the quizzes", known=known, asked=asked)


def _running(page: TextPage, one: Standing, ctx: Context) -> None:
    assert one.run
    state = state_since(one.run)
    title, tasks = titles(ctx, one)
    if one.run.state == "running":
        points = t("{points}/{most} points", points=one.progress.points, most=one.entry.points)
        state = t("{state}, {points}", state=state, points=points)
    style = "bold cyan" if one.run.state == "running" else "bold yellow"
    mark = page.mark("stopped" if one.run.state == "stopped" else "running")
    page.line(f"{page.paint(mark + ' ' + one.entry.id, style)}  {title}")
    page.line("  " + page.paint(state, "dim"))
    if is_repair(ctx, one):
        page.line("  " + page.paint(t("a repair: somebody has broken it"), "dim"))
        return
    left = [task for task in one.entry.tasks if task.id not in one.progress.passed]
    if left and one.run.state == "running":
        label = t("next task: ")
        room = page.width - 2 - cells(label) - cells(left[0].id) - 2
        page.line(f"  {label}{page.paint(left[0].id, 'cyan')}  {page.title(tasks[left[0].id], max(8, room))}")


def _exam(ctx: Context) -> list[tuple[str, str]]:
    """An exam that runs goes before everything else."""
    return [("kvmlab exam", t("go on with the exam; its clock runs"))] if is_examined(ctx) else []


def _next(running: list[Standing], found: list[Standing]) -> list[tuple[str, str]]:
    """The most useful commands now; the first is what most will want."""
    if running:
        return [*next_commands(running[0]), *([("kvmlab status", t("all that runs"))] if len(running) > 1 else [])]
    ready = [one for one in found if one.entry.complete and not one.entry.broken]
    open_ = [one for one in ready if not one.progress.done]
    if not ready:
        return [("kvmlab list", t("all labs"))]
    if not open_:
        return [("kvmlab list", t("all labs: you have done every one of them"))]
    lab = next((one for one in open_ if one.state == "begun"), open_[0]).entry.id
    return [
        (f"kvmlab start {lab}", t("a lab host with the lab on it")),
        (f"kvmlab show {lab}", t("what the lab asks for")),
        ("kvmlab list", t("all labs")),
        *([] if any(one.progress.checks for one in found) else [("kvmlab doctor", t("whether this computer can"))]),
    ]
