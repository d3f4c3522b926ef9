"""`kvmlab hint LAB [TASK]`: the next hint of a task, one more each time."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from kvmlab.cli.exam.rules import refuse_in_exam
from kvmlab.cli.lab import RunningLab, chosen_id, chosen_lab, place_of, repair_of
from kvmlab.cli.output import write_json
from kvmlab.course.progress import ProgressStore
from kvmlab.report.cells import cells
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course import Lab, Task


def arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("lab", nargs="?", metavar="LAB", help=t("the lab; without it, the one that is running"))
    parser.add_argument(
        "task", nargs="?", metavar="TASK", help=t("the task; without it, the first that has not passed")
    )
    parser.add_argument("--again", action="store_true", help=t("the hints given so far, and no new one"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: Namespace, ctx: Context) -> int:
    """Give the next hint and write down that it was given."""
    lab_id = chosen_id(ctx, args.lab)
    refuse_in_exam(ctx, lab_id)
    lab, run = chosen_lab(ctx, lab_id)
    if run is not None and (found := repair_of(place_of(ctx, lab_id).known_host(run))):
        from kvmlab.cli import repair

        return repair.hint(RunningLab.of(ctx, lab_id), found, args)
    progress = ProgressStore(ctx.state, ctx.course.tag)
    was = progress.lab(lab_id)
    task = lab.task(args.task) if args.task is not None else _next_task(lab, was.passed)
    if task is None:
        return _nothing_left(args, ctx, lab)
    if args.again:
        number, numbers = was.hints.get(task.id, 0), range(min(was.hints.get(task.id, 0), len(task.hints)))
    else:
        number = progress.hint_given(lab_id, task.id, len(task.hints))
        numbers = range(number - 1, number) if number else range(0)
    given = [(one + 1, task.hints[one]) for one in numbers]
    if args.json:
        return _json(lab, task, given, number or len(task.hints))
    _print(TextPage(color=ctx.color()), lab, task, given, args.again)
    return 0


def _next_task(lab: Lab, passed: tuple[str, ...]) -> Task | None:
    """The first task not passed yet."""
    return next((task for task in lab.tasks if task.id not in passed), None)


def _nothing_left(args: Namespace, ctx: Context, lab: Lab) -> int:
    if args.json:
        return write_json({"schema": "kvmlab.hint/1", "lab": lab.id, "task": None, "hints": []})
    page = TextPage(color=ctx.color())
    page.line(t("All tasks of {lab} have passed: there is nothing to give a hint for.", lab=lab.id))
    page.commands([(f"kvmlab show {lab.id}", t("the text, now with the explanations")), ("kvmlab", t("what next"))])
    return 0


def _json(lab: Lab, task: Task, given: list[tuple[int, str]], so_far: int) -> int:
    return write_json(
        {
            "schema": "kvmlab.hint/1",
            "lab": lab.id,
            "task": task.id,
            "given": so_far,
            "of": len(task.hints),
            "hints": [{"number": number, "text": text} for number, text in given],
        }
    )


def _print(page: TextPage, lab: Lab, task: Task, given: list[tuple[int, str]], again: bool) -> None:
    for number, text in given:
        _head(page, lab, task, t("hint {number} of {all}", number=number, all=len(task.hints)))
        page.line()
        page.prose(text)
        page.line()
    if not given:
        _head(page, lab, task, "")
        page.line()
        page.prose(_none(task, again))
        page.line()
    page.commands(_next_commands(lab, task, given, again))


def _head(page: TextPage, lab: Lab, task: Task, tail: str) -> None:
    """The lab, the task, and which hint it is at the right."""
    width = min(page.width, 100)
    name = f"{lab.id} {task.id}"
    room = width - cells(name) - 2 - (cells(tail) + 2 if tail else 0)
    title = page.title(task.title, max(8, room), "bold")
    page.line(f"{page.paint(name, 'bold cyan')}  {title}  {page.paint(tail, 'dim')}")


def _none(task: Task, again: bool) -> str:
    if not task.hints:
        return t("There is no hint for this task; its text says all.")
    if again:
        return t("No hint has been given for this task yet.")
    if len(task.hints) == 1:
        return t("The only hint has been given. What is left is to see the solution.")
    return t("All {count} hints have been given. What is left is to see the solution.", count=len(task.hints))


def _next_commands(lab: Lab, task: Task, given: list[tuple[int, str]], again: bool) -> list[tuple[str, str]]:
    more = (f"kvmlab hint {lab.id} {task.id}", t("the next hint"))
    check = (f"kvmlab check {lab.id} {task.id}", t("whether the task is done"))
    solve = (f"kvmlab solve {lab.id}", t("have the solution carried out"))
    if not task.hints:
        return [(f"kvmlab show {lab.id}", t("the text of the lab")), check]
    if again and (not given or given[-1][0] < len(task.hints)):
        return [more]
    if not given or given[-1][0] == len(task.hints):
        old = (f"kvmlab hint {lab.id} {task.id} --again", t("the hints once more"))
        return [check, solve] if given else [old, check, solve]
    return [check, more]
