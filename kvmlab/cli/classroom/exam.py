"""kvmlab class exam: one lab for all, at the same time, each with a variant of their own that nobody has seen."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import NamedTuple

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.children import Children
from kvmlab.classroom.folder import Class, open_class
from kvmlab.classroom.outcome import ActionOutcome
from kvmlab.classroom.policy import EXAM
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.classroom.students import chosen, for_each, make_images, must_fit
from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.course.exam.model import Exam, ExamLab, Exams
from kvmlab.course.progress import now
from kvmlab.errors import CannotRun, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.report.plain import TextPage
from kvmlab.words import t

_NOTE = "exam"


class Sitting(NamedTuple):
    """The class's exam: its number, lab, minutes, when its clock began ("": it waits), and whether it has ended."""

    number: int
    lab: str
    minutes: int
    began: str = ""
    ended: bool = False

    def exam(self, found: Class, ctx: Context, student: Student) -> Exam:
        """The exam as it is one student's."""
        points = ctx.course.entry(self.lab).points
        return Exam(found.seed(student, self.number), self.minutes, self.began, (), (ExamLab(self.lab, points),))


def exam(args: argparse.Namespace, ctx: Context) -> int:
    """Begin it, end it, or say how it stands."""
    step, *words = args.words or ("status",)
    if step == "begin" and words:
        return _begin(args, ctx, ctx.course.entry(words[0]).id)
    if step not in ("status", "end") or words or args.minutes:
        usage = t("Not the words that it takes: {usage}", usage="kvmlab class exam [begin LAB --minutes N | end]")
        raise UsageError(usage, "kvmlab class exam begin LAB --minutes 60")
    return _end(args, ctx) if step == "end" else _status(args, ctx)


def _begin(args: argparse.Namespace, ctx: Context, lab: str) -> int:
    """All lab hosts first; then one clock for all who have one. Again: for those who had none."""
    with open_class(args.folder) as found:
        sitting = _sitting(found)
        if sitting is None or sitting.ended:
            if not args.minutes:
                raise UsageError(t("How long is it? --minutes N"), f"kvmlab class exam begin {lab} --minutes 60")
            sitting = Sitting(sitting.number + 1 if sitting else 1, lab, args.minutes)
        elif (sitting.lab, args.minutes or sitting.minutes) != (lab, sitting.minutes):
            said = t("The class's exam in {lab} has not ended.", lab=sitting.lab)
            raise CannotRun(said, "kvmlab class exam end")
        if not args.dry_run:
            _note(found, sitting)
    args.action = "exam begin"
    must_fit(args, ctx, lab)
    if not args.dry_run:
        make_images(ctx, lab)
    status = for_each(args, ctx, lab, _with_seed(sitting, Actions.begin_exam))
    if not args.dry_run:
        _run_clock(args, ctx, sitting)
    return status


def _run_clock(args: argparse.Namespace, ctx: Context, sitting: Sitting) -> None:
    with open_class(args.folder) as found:
        actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
        sitting = sitting if sitting.began else sitting._replace(began=now())
        ready = [one for one in chosen(found, args) if _stands(actions, one, sitting, found)]
        if not ready:
            return
        _note(found, sitting)
        killpoint("class.exam")
        for student in ready:
            exams, own = Exams(actions.state(student), ctx.course.tag), sitting.exam(found, ctx, student)
            if exams.running() is None and not exams.evidence(own, sitting.lab).exists():
                exams.keep(own)
    left = own.seconds_left // 60
    print(t("The exam runs for {count} students; {minutes} min left.", count=len(ready), minutes=left))


def _stands(actions: Actions, student: Student, sitting: Sitting, found: Class) -> bool:
    run = actions.run(student, sitting.lab)
    return run is not None and run.variant == f"{EXAM}{found.seed(student, sitting.number)}"


def _end(args: argparse.Namespace, ctx: Context) -> int:
    """Hand in what everybody has, graded with a rehearsal of the next start; it has ended when that is done for all."""
    with open_class(args.folder) as found:
        sitting = _open(found)
        seeds = {one.attempt.seed for one in found.book.results(ctx.course.tag)}
        everybody = {one.id: f"{EXAM}{found.seed(one, sitting.number)}" for one in found.book.students()}
    args.action = "exam end"
    done = {id for id, variant in everybody.items() if variant in seeds}

    def hand_in(actions: Actions, student: Student, lab: str, seed: str) -> ActionOutcome:
        if student.id in done:
            return ActionOutcome(0, t("handed in already"))
        return actions.hand_in(student, lab, seed)

    status = for_each(args, ctx, sitting.lab, _with_seed(sitting, hand_in))
    if not args.dry_run and status != CannotRun.status and not args.student and not args.group:
        with open_class(args.folder) as found:
            _note(found, sitting._replace(ended=True))
    return status


def _status(args: argparse.Namespace, ctx: Context) -> int:
    with open_class(args.folder) as found:
        sitting = _open(found)
        students = chosen(found, args)
        actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
        told = [(one, _state(actions, one, sitting, found, ctx)) for one in students]
        left = sitting.exam(found, ctx, students[0]).seconds_left if sitting.began and students else None
    if args.json:
        listed = [{"id": one.id, "name": one.name, "state": word} for one, word in told]
        return write_json(
            {"schema": "kvmlab.class-exam/1", **sitting._asdict(), "seconds_left": left, "students": listed}
        )
    page = TextPage(color=ctx.color())
    clock = t("its clock has not begun") if left is None else t("{minutes} min left", minutes=left // 60)
    page.line(f"{sitting.lab}: {clock}")
    rows, words = Rows(page, students), {
        "waits": t("no lab host"), "ready": t("stands ready"), "works": t("at work"), "handed_in": t("handed in"),
        "gone": t("ended without handing in"),
    }  # fmt: skip
    for student, word in told:
        rows.put(student, words[word])
    return 0


def _state(actions: Actions, student: Student, sitting: Sitting, found: Class, ctx: Context) -> str:
    exams = Exams(actions.state(student), ctx.course.tag)
    own, running = sitting.exam(found, ctx, student), exams.running()
    if exams.evidence(own, sitting.lab).exists():
        return "handed_in"
    if running and running.seed == own.seed:
        return "works"
    last = exams.last()
    if last and last.seed == own.seed:
        return "gone"
    return "ready" if _stands(actions, student, sitting, found) else "waits"


def _with_seed(
    sitting: Sitting, work: Callable[[Actions, Student, str, str], ActionOutcome]
) -> Callable[[Actions, Student], ActionOutcome]:
    return lambda actions, one: work(actions, one, sitting.lab, actions.of_class.seed(one, sitting.number))


def _sitting(found: Class) -> Sitting | None:
    noted = found.book.noted(_NOTE)
    return Sitting(**json.loads(noted)) if noted else None


def _open(found: Class) -> Sitting:
    sitting = _sitting(found)
    if sitting is None or sitting.ended:
        raise CannotRun(t("The class has no exam."), "kvmlab class exam begin LAB --minutes 60")
    return sitting


def _note(found: Class, sitting: Sitting) -> None:
    found.book.note(_NOTE, json.dumps(sitting._asdict()))
