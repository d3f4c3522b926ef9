"""`kvmlab exam`: labs and questions drawn from a seed, a time limit, no hints; interrupted, it goes on."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.cli.output import write_file, write_json
from kvmlab.cli.parsing import whole
from kvmlab.course.exam.model import PASS_PERCENT, Exam, Exams
from kvmlab.errors import CannotRun, UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context

MINUTES, LABS, QUESTIONS = 120, 3, 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and of `begin` how large."""
    actions = ["begin", "next", "end", "report"]
    parser.add_argument("action", choices=actions, nargs="?", help=t("without it: go on with the exam that runs"))
    parser.add_argument("--minutes", type=whole(1, 1000), default=MINUTES, metavar="N", help=t("of begin: its time"))
    parser.add_argument("--labs", type=whole(0, 1000), default=LABS, metavar="N", help=t("of begin: how many labs"))
    questions = t("of begin: how many questions")
    parser.add_argument("--questions", type=whole(0, 1000), default=QUESTIONS, metavar="N", help=questions)
    parser.add_argument("--seed", metavar="SEED", help=t("of begin: draw the same again"))
    parser.add_argument("--json", action="store_true", help=t("of report: one JSON document on standard output"))
    parser.add_argument("--html", metavar="FILE", type=Path, help=t("of report: a page to keep, as well"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Begin, go on, hand in, end or report. `report`: 0 passed, 1 not."""
    exams = Exams(ctx.state, ctx.course.tag)
    if args.action == "report":
        return _report(args, ctx, exams)
    if args.json or args.html:
        raise UsageError(t("--json and --html are of `kvmlab exam report`."), "kvmlab exam report --help")
    with ctx.state.lock(f"exam-{ctx.course.tag}", wait=False):
        return _sat(args, ctx, exams, exams.running())


def _sat(args: argparse.Namespace, ctx: Context, exams: Exams, exam: Exam | None) -> int:
    if args.action == "begin":
        if exam:
            raise CannotRun(t("An exam is running."), "kvmlab exam")
        return _go_on(ctx, exams, exams.keep(_drawn(args, ctx)))
    if exam is None:
        return _none(args, ctx)
    from kvmlab.cli.exam.session import close, hand_in, is_up

    if args.action == "end":
        return _ended(ctx, close(ctx, exams, exam))
    if is_up(ctx, exam) and (args.action == "next" or exam.seconds_left < 0):
        exam = hand_in(ctx, exams, exam)
    return _go_on(ctx, exams, exam)


def _drawn(args: argparse.Namespace, ctx: Context) -> Exam:
    from kvmlab.cli.exam.session import drawn_exam
    from kvmlab.course.names import VARIANT
    from kvmlab.safe_text import shown

    seed = args.seed or secrets.token_hex(4)
    if not VARIANT.fullmatch(f"exam-{seed}"):
        message = t("`{seed}` cannot be a seed: letters, digits and `_.@+-`.", seed=shown(seed))
        raise UsageError(message, "kvmlab exam begin")
    return drawn_exam(ctx, seed, args.minutes, args.labs, args.questions)


def _none(args: argparse.Namespace, ctx: Context) -> int:
    if args.action is not None:
        raise CannotRun(t("No exam is running."), "kvmlab exam begin")
    from kvmlab.report.plain import TextPage

    page = TextPage(color=ctx.color())
    page.prose(
        t(
            "An exam draws questions and labs from the whole course. It has {minutes} minutes, no hints and no checks; "
            "each lab is graded when you hand it in. {percent} % of the points pass.",
            minutes=MINUTES,
            percent=PASS_PERCENT,
        ),
        indent=0,
    )
    page.line()
    page.commands([("kvmlab exam begin", t("the clock starts")), ("kvmlab exam report", t("how the last one went"))])
    return 0


def _go_on(ctx: Context, exams: Exams, exam: Exam) -> int:
    """Questions first, then the open lab; at the end, or when the time is over, the report."""
    from kvmlab.cli.exam.session import ask_open_questions, begin_lab, close
    from kvmlab.report.plain import TextPage

    page = TextPage(color=ctx.color())
    exam = ask_open_questions(page, ctx, exams, exam)
    if exam.seconds_left < 0 or (exam.open_question is None and exam.open_lab is None):
        return _ended(ctx, close(ctx, exams, exam))
    if exam.open_question is not None:
        page.line(t("The exam waits; its clock does not."))
        page.commands([("kvmlab exam", t("go on, {minutes} min left", minutes=exam.seconds_left // 60))])
        return 0
    lab = begin_lab(ctx, exam)
    number = (exam.open_lab or 0) + 1
    values = {"number": number, "all": len(exam.labs), "minutes": exam.seconds_left // 60}
    page.line(t("Lab {number} of {all}: {lab}. {minutes} min left.", lab=lab, **values))
    page.commands(
        [
            (f"kvmlab show {lab}", t("what there is to do")),
            (f"kvmlab shell {lab}", t("work on the lab host")),
            ("kvmlab exam next", t("hand it in, for good, and go on")),
        ]
    )
    return 0


def _ended(ctx: Context, exam: Exam) -> int:
    from kvmlab.report.exam import print_exam
    from kvmlab.report.plain import TextPage

    page = TextPage(color=ctx.color())
    print_exam(page, exam)
    if any(task["verdict"] != "passed" for lab in exam.labs for task in lab.tasks):
        page.commands([("kvmlab exam report --html exam.html", t("what was wanted and found, as a page"))])
    return 0 if exam.passed else 1


def _report(args: argparse.Namespace, ctx: Context, exams: Exams) -> int:
    exam = exams.last()
    if exam is None:
        raise CannotRun(t("No exam has ended yet."), "kvmlab exam" if exams.running() else "kvmlab exam begin")
    if args.html:
        from kvmlab.report.exam import exam_html

        write_file(args.html, exam_html(exam))
        print(t("{path} is written.", path=args.html), file=sys.stderr)
    if args.json:
        write_json(exam.to_json())
        return 0 if exam.passed else 1
    return _ended(ctx, exam)
