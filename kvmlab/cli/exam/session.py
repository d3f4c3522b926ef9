"""The course of an exam: its questions, then one lab host after another, each graded when it is handed in."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from kvmlab.cli.exam.prompt import PreparedQuestion, answer_to, put
from kvmlab.cli.lab import RunningLab, place_of
from kvmlab.course.exam.draw import draw_apart, draw_shared
from kvmlab.course.exam.model import Exam, ExamLab, ExamQuestion, Exams
from kvmlab.course.progress import now
from kvmlab.errors import CannotRun, UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course.quiz.model import Question
    from kvmlab.labhost.record import Run
    from kvmlab.report.plain import TextPage


def drawn_exam(ctx: Context, seed: str, minutes: int, labs: int, questions: int) -> Exam:
    """A new exam, beginning now. Live questions stay out: they need the student's own lab host."""
    course = ctx.course
    weights = {one.id: one.weight for one in course.chapters}
    ready = {one.id: [lab for lab in one.labs if _is_ready(ctx, lab)] for one in course.chapters}
    pools = {one.id: [ExamQuestion(one.id, name) for name in _questions(ctx, one.id)] for one in course.chapters}
    chosen_labs = draw_apart(random.Random(f"{seed} labs"), ready, weights, labs)
    # a chapter of text alone has a quiz, too, and weighs as one lab
    shares = {name: max(1, weight) for name, weight in weights.items()}
    chosen_questions = draw_shared(random.Random(f"{seed} questions"), pools, shares, questions)
    parts = tuple(ExamLab(lab, course.entry(lab).points) for lab in chosen_labs)
    if not parts and not chosen_questions:
        raise UsageError(t("This course has nothing to be examined in."), "kvmlab list")
    exam = Exam(seed, minutes, now(), tuple(chosen_questions), parts)
    if parts:
        _make_ready(ctx, exam)
    return exam._replace(began=now())


def _make_ready(ctx: Context, exam: Exam) -> None:
    """Make what its lab hosts are made of before the clock runs: building an image costs no minutes of the exam."""
    from kvmlab.report.progress import progress
    from kvmlab.setup.materials import Materials

    with progress() as steps:
        for part in exam.labs:
            Materials.of(ctx.state, ctx.course.lab(part.id, ctx.lang, exam.variant), steps)


def ask_open_questions(page: TextPage, ctx: Context, exams: Exams, exam: Exam) -> Exam:
    """Put the questions that are open, one by one; every answer is kept at once. Ends with the input, or the time."""
    while (number := exam.open_question) is not None and exam.seconds_left >= 0:
        draw = random.Random(f"{exam.seed} options {number}")
        asked = PreparedQuestion.drawn(_question(ctx, exam.questions[number]), draw)
        left = t("{minutes} min left", minutes=exam.seconds_left // 60)
        label = t("question {number} of {all}", number=number + 1, all=len(exam.questions))
        put(page, asked, f"{label} · {left}")
        marked = answer_to(page, asked)
        if marked is None:
            break
        exam = exams.keep(exam.answered(number, marked.right))
    return exam


def begin_lab(ctx: Context, exam: Exam) -> str:
    """The open lab's host, started if there is none, and again if it was stopped with the computer; its id."""
    from kvmlab.labhost.place import LabHostStopped
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import start
    from kvmlab.setup.resume import resume

    lab_id = _known(ctx, exam.labs[exam.open_lab or 0].id)
    run = _run(ctx, lab_id)
    if run is not None and run.state in ("running", "stopped") and run.variant != exam.variant:
        message = t("{lab} is the exam's next lab, and runs already for practice.", lab=lab_id)
        raise CannotRun(message, f"kvmlab finish {lab_id}")
    place, lab = place_of(ctx, lab_id), ctx.course.lab(lab_id, ctx.lang, exam.variant)
    with progress() as steps:
        try:
            start(place, lab, steps)
        except LabHostStopped:
            resume(place, steps)
    return lab_id


def hand_in(ctx: Context, exams: Exams, exam: Exam) -> Exam:
    """Grade the open lab as it stands, note it, and finish its lab host. What could not be looked at: CannotRun."""
    from kvmlab.cli.evidence import keep
    from kvmlab.cli.rehearsal import rehearsed_if_it_can_be
    from kvmlab.setup.lifecycle import finish

    number = exam.open_lab
    assert number is not None
    running = _carried_on(RunningLab.of(ctx, _known(ctx, exam.labs[number].id)))
    if running.repair:
        message = t("{lab} is the exam's next lab, and runs already for practice.", lab=running.lab_id)
        raise CannotRun(message, f"kvmlab finish {running.lab_id}")
    report, facts = rehearsed_if_it_can_be(running)
    if report.exit_status == 3:
        message = t("{lab} could not be looked at, so it is not handed in yet.", lab=running.lab_id)
        raise CannotRun(message, _what_then(running, exam))
    keep(exams.evidence(exam, running.lab_id), running, report, facts)
    exam = exams.keep(exam.handed_in(number, report.points, tuple(task.to_json() for task in report.tasks)))
    finish(running.place, running.host.podman)
    return exam


def _carried_on(running: RunningLab) -> RunningLab:
    """The same lab, its host started again if it was stopped with the computer: all that was done on it is there."""
    from kvmlab.labhost.container import Condition
    from kvmlab.report.progress import progress
    from kvmlab.setup.resume import resume

    if running.run.state != "stopped" or running.host.condition() is not Condition.STOPPED:
        return running
    with progress() as steps:
        resume(running.place, steps)
    return RunningLab.of(running.ctx, running.lab_id)


def _what_then(running: RunningLab, exam: Exam) -> str:
    """The command for a lab that cannot be graded: look why; where its host is gone, start it again or end."""
    from kvmlab.labhost.container import Condition

    if running.host.condition() is Condition.RUNNING:
        return f"kvmlab exec {running.lab_id} -- systemctl --failed"
    return "kvmlab exam" if exam.seconds_left >= 0 else "kvmlab exam end"


def close(ctx: Context, exams: Exams, exam: Exam) -> Exam:
    """End it; a lab host that was not handed in goes."""
    from kvmlab.labhost.computer.podman_options import remembered_podman
    from kvmlab.labhost.place import LabPlace
    from kvmlab.setup.lifecycle import finish

    for one in exam.labs:
        run = _run(ctx, one.id)
        if run is not None and run.variant == exam.variant:
            finish(LabPlace(ctx.state, ctx.course.tag, one.id), remembered_podman(ctx.state))
    return exams.end(exam)


def is_up(ctx: Context, exam: Exam) -> bool:
    """Whether the open lab was begun in this exam, so that it can be handed in: its host runs, or was stopped."""
    number = exam.open_lab
    run = None if number is None else _run(ctx, exam.labs[number].id)
    return run is not None and run.state in ("running", "stopped") and run.variant == exam.variant


def _known(ctx: Context, lab_id: str) -> str:
    """A lab of the exam, if the course still has it."""
    if lab_id not in ctx.course.entries:
        raise CannotRun(t("{lab} is no longer in the course.", lab=lab_id), "kvmlab exam end")
    return lab_id


def _run(ctx: Context, lab_id: str) -> Run | None:
    from kvmlab.labhost.record import run_of

    return run_of(ctx.state, ctx.course.tag, lab_id)


def _is_ready(ctx: Context, lab_id: str) -> bool:
    entry = ctx.course.entry(lab_id)
    return entry.complete and not entry.broken


def _questions(ctx: Context, chapter: str) -> list[str]:
    """The questions of a chapter that need no lab host."""
    from kvmlab.course.quiz.model import has_quiz, read_quiz

    if not has_quiz(ctx.course.root, chapter):
        return []
    return [one.id for one in read_quiz(ctx.course.root, chapter).questions if not one.lab]


def _question(ctx: Context, one: ExamQuestion) -> Question:
    from kvmlab.course.quiz.model import has_quiz, read_quiz

    there = has_quiz(ctx.course.root, one.chapter)
    for question in read_quiz(ctx.course.root, one.chapter, ctx.lang).questions if there else ():
        if question.id == one.id:
            return question
    message = t("The question {id} of {chapter} is no longer in the course.", id=one.id, chapter=one.chapter)
    raise CannotRun(message, "kvmlab exam end")
