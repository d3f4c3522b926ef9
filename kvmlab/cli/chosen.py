"""Which lab a verb is about, and its text: with the values it was started with where it runs, else the course's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kvmlab.errors import AuthorError, CannotRun, UsageError
from kvmlab.labhost.record import Run, run_of, runs
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.cli.student import Standing
    from kvmlab.course import Lab
    from kvmlab.course.exam.model import Exam


def chosen_id(ctx: Context, given: str | None) -> str:
    """`given` if the course has it; without one, the lab that runs, if it is the only one."""
    if given is not None:
        return ctx.course.entry(given).id
    found = list(runs(ctx.state, ctx.course))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(t("Several labs are running; say which: {labs}.", labs=", ".join(found)), "kvmlab status")
    raise UsageError(t("No lab is running; say which one you mean."), "kvmlab list")


def is_examined(ctx: Context) -> bool:
    """Whether an exam was begun and not ended; told by its record alone."""
    return os.path.exists(f"{ctx.state.root}/progress/{ctx.course.tag}/exam.json")  # noqa: PTH110


def is_in_exam(ctx: Context, lab_id: str) -> bool:
    """Whether a lab is part of the exam that runs."""
    exam = _exam(ctx)
    return exam is not None and lab_id in [lab.id for lab in exam.labs]


def _exam(ctx: Context) -> Exam | None:
    if not is_examined(ctx):
        return None
    from kvmlab.course.exam.model import Exams

    return Exams(ctx.state, ctx.course.tag).running()


def refuse_quiz_in_exam(ctx: Context, chapter: str) -> None:
    """CannotRun for the quiz of a chapter that the exam has questions of: it would tell their answers."""
    exam = _exam(ctx)
    if exam and chapter in [one.chapter for one in exam.questions]:
        message = t("The exam that runs has questions of {chapter}: no quiz of it until it ends.", chapter=chapter)
        raise CannotRun(message, "kvmlab exam")


def refuse_in_exam(ctx: Context, lab_id: str) -> None:
    """CannotRun for a lab of the exam that runs: nothing is told of it before it is handed in."""
    if is_in_exam(ctx, lab_id):
        message = t("{lab} is part of the exam that runs: no hints, no checks, no solutions until it ends.", lab=lab_id)
        raise CannotRun(message, "kvmlab exam")


def titles(ctx: Context, standing: Standing) -> tuple[str, dict[str, str]]:
    """The title of a lab and of its tasks; with the values it was started with where it runs."""
    entry = standing.entry
    found = {task.id: task.title(ctx.lang) for task in entry.tasks}
    if not standing.run or entry.broken:
        return entry.title(ctx.lang), found
    try:
        lab, _ = chosen_lab(ctx, entry.id)
    except UsageError:
        return entry.title(ctx.lang), found
    return lab.title, found | {task.id: task.title for task in lab.tasks if task.id in found}


def chosen_lab(ctx: Context, lab_id: str) -> tuple[Lab, Run | None]:
    """The lab with the values its lab host was started with, in the language now asked for."""
    run = run_of(ctx.state, ctx.course.tag, lab_id)
    if run is None:
        return ctx.course.lab(lab_id, ctx.lang, ctx.variant), None
    if run.compiled and run.compiled.lang == ("zh" if ctx.lang == "zh" else "en"):
        return run.compiled, run
    try:
        lab = ctx.course.lab(lab_id, ctx.lang, run.variant)
    except AuthorError:
        if run.compiled is None:
            raise
        return run.compiled, run
    same = run.compiled is None or [one.id for one in run.compiled.tasks] == [one.id for one in lab.tasks]
    return (lab if same or run.compiled is None else run.compiled), run
