"""`kvmlab show LAB`: the text of a lab, with what has been reached of it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from kvmlab.cli.exam.rules import is_in_exam
from kvmlab.cli.lab import RunningLab, chosen_id, chosen_lab, place_of, repair_of, say_whether_a_name_was_meant
from kvmlab.cli.output import write_json
from kvmlab.course.progress import LabProgress, ProgressStore
from kvmlab.report.plain import TextPage, terminal_width
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course import Lab, Task


def arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("lab", nargs="?", metavar="LAB", help=t("the lab; without it, the one that is running"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))
    parser.add_argument(
        "--text", action="store_true", help=t("the lab's text, where its lab host is to be repaired, too")
    )
    parser.add_argument("--no-pager", action="store_true", help=t("print it and be done"))


def run(args: Namespace, ctx: Context) -> int:
    """Print the lab's text. Hints that were given and explanations of what has passed are in it, but for an exam."""
    lab_id = chosen_id(ctx, args.lab)
    lab, running = chosen_lab(ctx, lab_id)
    if not args.text and running is not None and (found := repair_of(place_of(ctx, lab_id).known_host(running))):
        from kvmlab.cli import repair

        return repair.show(RunningLab.of(ctx, lab_id), found, as_json=args.json)
    if running is None:
        say_whether_a_name_was_meant(ctx, lab)
    examined = is_in_exam(ctx, lab_id)
    progress = LabProgress(lab_id) if examined else ProgressStore(ctx.state, ctx.course.tag).lab(lab_id)
    if args.json:
        return write_json(_document(lab, progress, running is not None and running.state != "stopped"))
    from kvmlab.cli.pager import Unprinted, put_out
    from kvmlab.report.show import console_for, show_lab

    text = Unprinted()
    page = TextPage(color=ctx.color(), width=terminal_width(), stream=text)
    show_lab(console_for(color=page.color, width=page.width, stream=text), lab, progress, running=bool(running))
    page.line()
    page.commands(_next(lab, running.state if running else ""))
    put_out(text.getvalue(), paged=sys.stdout.isatty() and not args.no_pager)
    return 0


def _next(lab: Lab, state: str) -> list[tuple[str, str]]:
    if state == "stopped":
        return [(f"kvmlab start --resume {lab.id}", t("the same lab host again, as it was"))]
    if not state:
        return [(f"kvmlab start {lab.id}", t("a lab host with the lab on it"))]
    return [
        (f"kvmlab shell {lab.id}", t("work on it")),
        (f"kvmlab check {lab.id}", t("see how far you are")),
        (f"kvmlab hint {lab.id}", t("a hint for the next task")),
    ]


def _document(lab: Lab, progress: LabProgress, running: bool) -> dict[str, Any]:
    return {
        "schema": "kvmlab.show/1",
        "lab": lab.id,
        "title": lab.title,
        "lang": lab.lang,
        "variant": lab.variant,
        "minutes": lab.minutes,
        "running": running,
        "points": progress.points,
        "max_points": lab.points,
        "text": lab.intro,
        "tasks": [_task(task, progress) for task in lab.tasks],
    }


def _task(task: Task, progress: LabProgress) -> dict[str, Any]:
    """A task as a student may see it: no hint that was not given, no explanation before its time."""
    passed = task.id in progress.passed
    return {
        "id": task.id,
        "title": task.title,
        "max_points": task.points,
        "passed": passed,
        "text": task.text,
        "hints": list(task.hints[: progress.hints.get(task.id, 0)]),
        "hints_in_all": len(task.hints),
        "explanation": (task.explanation or None) if passed else None,
    }
