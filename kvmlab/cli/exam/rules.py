"""What is not told of a lab or a chapter while an exam has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course.exam.model import Exam


def is_examined(ctx: Context) -> bool:
    """Whether an exam was begun and not ended; told by its record alone."""
    return os.path.exists(f"{ctx.state.root}/progress/{ctx.course.tag}/exam.json")  # noqa: PTH110


def is_in_exam(ctx: Context, lab_id: str) -> bool:
    """Whether a lab is part of the exam that runs."""
    exam = _exam(ctx)
    return exam is not None and lab_id in [lab.id for lab in exam.labs]


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


def _exam(ctx: Context) -> Exam | None:
    if not is_examined(ctx):
        return None
    from kvmlab.course.exam.model import Exams

    return Exams(ctx.state, ctx.course.tag).running()
