"""`kvmlab status`: what runs and what has been achieved there, from the state directory alone."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from kvmlab.cli.output import write_json
from kvmlab.cli.student import Standing, is_repair, standings, state_since
from kvmlab.cli.student import titles as titles_of
from kvmlab.report.cells import cells, fit, right
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context


def arguments(parser: ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: Namespace, ctx: Context) -> int:
    """Print each lab that was started and not finished, task by task."""
    found = [one for one in standings(ctx) if one.run]
    if args.json:
        return write_json({"schema": "kvmlab.status/1", "labs": [_lab(one, ctx) for one in found]})
    page = TextPage(color=ctx.color())
    if not found:
        page.line(t("No lab is running."))
        page.commands([("kvmlab", t("what next")), ("kvmlab list", t("all labs"))])
        return 0
    for number, one in enumerate(found):
        if number:
            page.line()
        _print(page, one, ctx)
    return 0


def _print(page: TextPage, one: Standing, ctx: Context) -> None:
    assert one.run
    width = min(page.width, 100)
    points = t("{points}/{most} points", points=one.progress.points, most=one.entry.points)
    points = "" if is_repair(ctx, one) else points
    style = "bold cyan" if one.run.state == "running" else "bold yellow"
    mark = page.mark("stopped" if one.run.state == "stopped" else "running")
    room = max(8, width - 2 - cells(one.entry.id) - 2 - cells(points) - 2)
    page.line(
        f"{page.paint(mark, style)} {page.paint(one.entry.id, style)}  "
        f"{page.paint(fit(state_since(one.run), room), 'dim')}  {points}"
    )
    if one.run.variant:
        page.line("  " + page.paint(t("variant {variant}", variant=fit(one.run.variant, 40).rstrip()), "dim"))
    if limits := _limits(ctx):
        page.line("  " + page.paint(t("held to {limits}", limits=limits), "dim"))
    if _has_spare(one, ctx):
        page.line("  " + page.paint(t("a fresh lab host is in waiting for the next reset"), "dim"))
    if is_repair(ctx, one):
        page.line("  " + page.paint(t("a repair: somebody has broken it"), "dim"))
    else:
        _tasks(page, one, ctx, width)
    page.line()
    page.commands(next_commands(one))


def _has_spare(one: Standing, ctx: Context) -> bool:
    from kvmlab.labhost.place import LabPlace

    return LabPlace(ctx.state, ctx.course.tag, one.entry.id).has_spare


def _limits(ctx: Context) -> str:
    """What its lab host and its guests may take together, as far as this computer keeps them to it."""
    from kvmlab.labhost.computer.findings import enforced_limits

    limits, words = enforced_limits(ctx.state), []
    if "memory" in limits:
        words.append(t("{mib} MiB of memory", mib=limits["memory"]))
    if "processes" in limits:
        words.append(t("{count} processes", count=limits["processes"]))
    return t(", ").join(words)


def _tasks(page: TextPage, one: Standing, ctx: Context, width: int) -> None:
    """A line per task: passed or not, the id, the title, hints given, points."""
    rows = _task_rows(one, ctx)
    ids = max((cells(row[0]) for row in rows), default=0)
    hints = max((cells(row[2]) for row in rows), default=0)
    titles = max(4, min(width - 4 - ids - 2 - 2 - hints - 4, max((cells(row[1]) for row in rows), default=0)))
    for name, title, given, points, passed in rows:
        mark = page.paint(page.mark("done"), "green") if passed else page.paint(page.mark("new"), "dim")
        tail = f"  {page.paint(fit(given, hints), 'dim')}" if hints else ""
        page.line(
            f"  {mark} {page.paint(fit(name, ids), 'cyan')}  {page.title(title, titles)}{tail}  {right(points, 2)}"
        )


def _task_rows(one: Standing, ctx: Context) -> list[tuple[str, str, str, str, bool]]:
    assert one.run
    _, titles = titles_of(ctx, one)
    rows = []
    for task in one.entry.tasks:
        given = one.progress.hints.get(task.id, 0)
        word = "" if not given else t("1 hint") if given == 1 else t("{count} hints", count=given)
        rows.append((task.id, titles[task.id], word, str(task.points), task.id in one.progress.passed))
    return rows


def next_commands(one: Standing) -> list[tuple[str, str]]:
    """What to do with a lab that was started, as commands."""
    lab = one.entry.id
    if one.run and one.run.state in ("starting", "damaged"):
        return [(f"kvmlab reset {lab}", t("throw it away and start again"))]
    if one.run and one.run.state == "stopped":
        again = (f"kvmlab start --resume {lab}", t("the same lab host again, as it was"))
        return [again, (f"kvmlab reset {lab}", t("throw it away and start again"))]
    if one.run and one.run.slept_s:
        hours = one.run.slept_s / 3600
        return [
            (
                f"kvmlab start --resume {lab}",
                t("this computer slept for {hours:.1f} h: set the guests' clocks", hours=hours),
            ),
            (f"kvmlab shell {lab}", t("work on it")),
        ]
    if one.run and one.run.state == "stopping":
        return [(f"kvmlab finish {lab}", t("remove what is left of it"))]
    if one.entry.tasks and all(task.id in one.progress.passed for task in one.entry.tasks):
        return [(f"kvmlab finish {lab}", t("remove the lab host; your progress is kept"))]
    return [
        (f"kvmlab shell {lab}", t("work on it")),
        (f"kvmlab check {lab}", t("see how far you are")),
        (f"kvmlab hint {lab}", t("a hint for the next task")),
    ]


def _lab(one: Standing, ctx: Context) -> dict[str, Any]:
    assert one.run
    rows = _task_rows(one, ctx)
    return {
        "id": one.entry.id,
        "state": one.run.state,
        "variant": one.run.variant,
        "started": one.run.started or None,
        "verdict": one.progress.verdict or None,
        "points": one.progress.points,
        "max_points": one.entry.points,
        "checked": one.progress.checked or None,
        "tasks": [
            {
                "id": name,
                "title": title,
                "passed": passed,
                "max_points": int(points),
                "hints": one.progress.hints.get(name, 0),
            }
            for name, title, _, points, passed in rows
        ],
        "repair": is_repair(ctx, one),
        "spare": _has_spare(one, ctx),
        "next": next_commands(one)[0][0],
    }
