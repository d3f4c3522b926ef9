"""`kvmlab quiz CHAPTER`: questions about a chapter, in random order; each wrong answer is explained."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
from typing import TYPE_CHECKING

from kvmlab.cli.parsing import whole
from kvmlab.errors import CannotRun, CouldNotLook, UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.cli.exam.prompt import PreparedQuestion
    from kvmlab.course.quiz.model import Question, Quiz
    from kvmlab.report.plain import TextPage

ROUND = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """CHAPTER, and how many questions."""
    parser.add_argument("chapter", nargs="?", metavar="CHAPTER", help=t("a chapter; none: all that have a quiz"))
    many = t("how many; first those not answered rightly yet")
    parser.add_argument("--questions", metavar="N", type=whole(1, 1000), default=ROUND, help=many)
    parser.add_argument("--json", action="store_true", help=t("its questions, or what came of an answer, as JSON"))
    parser.add_argument("--question", metavar="ID", help=t("with --json: the question that --answer is about"))
    parser.add_argument(
        "--answer", metavar="TEXT", help=t("with --json: letters of its options, or what was asked for")
    )
    parser.add_argument("--seed", metavar="SEED", help=t("draw the same questions in the same order again"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0: all answers were right, 1: not all."""
    from kvmlab.report.plain import TextPage

    page = TextPage(color=ctx.color())
    if args.json or args.question is not None or args.answer is not None:
        return _for_programs(args, ctx)
    if args.chapter is None:
        return _overview(page, ctx)
    return _round(page, ctx, args)


def _for_programs(args: argparse.Namespace, ctx: Context) -> int:
    """Its questions; or, of one of them, what came of the answer (0: it was right)."""
    from kvmlab.cli.exam.documents import document, marked, questions_of
    from kvmlab.cli.exam.rules import refuse_quiz_in_exam
    from kvmlab.cli.output import write_json
    from kvmlab.course.quiz.progress import Quizzes

    if not args.json or args.chapter is None or (args.question is None) != (args.answer is None):
        message = t("For programs: a chapter with --json, and --question and --answer together.")
        raise UsageError(message, "kvmlab quiz CHAPTER --json")
    quiz = quiz_of(ctx, args.chapter)
    refuse_quiz_in_exam(ctx, quiz.chapter)
    kept = Quizzes(ctx.state, ctx.course.tag)
    questions, _ = _askable(ctx, quiz)
    if args.question is None:
        return write_json(questions_of(quiz, _written(ctx, questions), kept.chapter(quiz.chapter).answers))
    question = next((one for one in questions if one.id == args.question), None)
    asked = _asked(ctx, question, random.Random()) if question else None
    if asked is None:
        raise UsageError(t("This question cannot be asked now."), f"kvmlab quiz {quiz.chapter} --json")
    found = marked(asked, args.answer)
    kept.answered(quiz.chapter, asked.question.id, found.right)
    write_json(document(asked, found))
    return 0 if found.right else 1


def _written(ctx: Context, questions: list[Question]) -> list[PreparedQuestion]:
    """The questions, live ones with the names that their lab has; those whose lab has just gone are left out."""
    from kvmlab.cli.exam.prompt import PreparedQuestion
    from kvmlab.cli.lab import RunningLab

    found = []
    for one in questions:
        with contextlib.suppress(CannotRun):
            values = RunningLab.of(ctx, one.lab).lab.values if one.lab else None
            found.append(PreparedQuestion(one, (), values))
    return found


def _overview(page: TextPage, ctx: Context) -> int:
    """The chapters that have a quiz, and how much of each is known."""
    from kvmlab.course.quiz.model import has_quiz, read_quiz
    from kvmlab.course.quiz.progress import Quizzes
    from kvmlab.report.cells import cells, fit, right

    kept = Quizzes(ctx.state, ctx.course.tag)
    chapters = [one for one in ctx.course.chapters if has_quiz(ctx.course.root, one.id)]
    if not chapters:
        raise UsageError(t("This course has no quiz."), "kvmlab list")
    widest = max(cells(one.id) for one in chapters)
    room = max(8, page.width - widest - 25)
    for one in chapters:
        quiz = read_quiz(ctx.course.root, one.id, ctx.lang)
        known, most = kept.chapter(one.id).known(question.id for question in quiz.questions), len(quiz.questions)
        name = page.paint(fit(one.id, widest), "cyan")
        page.line(f"  {name}  {page.bar(known, most)}  {right(f'{known}/{most}', 7)}  {fit(quiz.title, room)}")
    page.line()
    page.commands([(f"kvmlab quiz {chapters[0].id}", t("{n} questions, the unknown ones first", n=ROUND))])
    return 0


def _round(page: TextPage, ctx: Context, args: argparse.Namespace) -> int:
    from kvmlab.cli.exam.prompt import answer_to, put, tell
    from kvmlab.cli.exam.rules import refuse_quiz_in_exam
    from kvmlab.course.quiz.progress import Quizzes
    from kvmlab.safe_text import clean

    quiz = quiz_of(ctx, args.chapter)
    refuse_quiz_in_exam(ctx, quiz.chapter)
    kept = Quizzes(ctx.state, ctx.course.tag)
    draw = random.Random(None if args.seed is None else os.fsencode(args.seed))
    questions, waiting = _askable(ctx, quiz)
    known = kept.chapter(quiz.chapter).answers
    draw.shuffle(questions)
    questions.sort(key=lambda one: known.get(one.id, False))
    questions = questions[: args.questions]
    draw.shuffle(questions)
    page.line(page.paint(clean(quiz.title), "bold"))
    marks: list[bool] = []
    for number, question in enumerate(questions, 1):
        asked = _ready(page, ctx, question, draw)
        if asked is None:
            continue
        put(page, asked, t("question {number} of {all}", number=number, all=len(questions)))
        marked = answer_to(page, asked)
        if marked is None:
            break
        kept.answered(quiz.chapter, question.id, marked.right)
        marks.append(marked.right)
        tell(page, asked, marked)
    _end(page, ctx, quiz, sum(marks), len(marks), waiting)
    return 0 if marks and all(marks) and marked else 1


def quiz_of(ctx: Context, chapter: str) -> Quiz:
    """The quiz of a chapter; none: UsageError, naming those there are."""
    from kvmlab.course.quiz.model import has_quiz, read_quiz
    from kvmlab.safe_text import shown

    known = [one.id for one in ctx.course.chapters if has_quiz(ctx.course.root, one.id)]
    if chapter not in known:
        message = t("No chapter with a quiz is called `{name}`; there are: {names}.", name=shown(chapter),
                    names=", ".join(known))  # fmt: skip
        raise UsageError(message, "kvmlab quiz")
    return read_quiz(ctx.course.root, chapter, ctx.lang)


def _askable(ctx: Context, quiz: Quiz) -> tuple[list[Question], list[Question]]:
    """The questions that can be asked now, and the live ones whose lab does not run."""
    from kvmlab.labhost.record import RUNNING, runs

    up = {lab for lab, run in runs(ctx.state, ctx.course).items() if run.state == RUNNING}
    waiting = [one for one in quiz.questions if one.lab and one.lab not in up]
    return [one for one in quiz.questions if one not in waiting], waiting


def _ready(page: TextPage, ctx: Context, question: Question, draw: random.Random) -> PreparedQuestion | None:
    """The question to be put; None, with a word, for a live one that has no answer now."""
    from kvmlab.safe_text import clean

    try:
        return _asked(ctx, question, draw)
    except (CannotRun, CouldNotLook) as trouble:  # it may have been finished since the round began
        page.line(clean(t("A question about {lab} is left out: {reason}", lab=question.lab, reason=trouble.message)))
        return None


def _asked(ctx: Context, question: Question, draw: random.Random) -> PreparedQuestion | None:
    """The question with what is right now; None where that is nothing. CannotRun, CouldNotLook: it cannot be told."""
    from kvmlab.cli.exam.prompt import PreparedQuestion

    asked = PreparedQuestion.drawn(question, draw)
    if not question.lab:
        return asked
    from kvmlab.cli.lab import RunningLab
    from kvmlab.course.quiz.model import answers_file
    from kvmlab.observe.grade import true_answer

    lab = RunningLab.of(ctx, question.lab)
    lab.must_run()
    answers = answers_file(ctx.course.root, lab.lab.chapter)
    truth = true_answer(lab.lab, answers, question.id, lab.known_host)
    return None if truth is None else asked._replace(values=lab.lab.values, truth=truth)


def _end(page: TextPage, ctx: Context, quiz: Quiz, right: int, asked: int, waiting: list[Question]) -> None:
    """How it went, how much of the chapter is known, and what is asked only while a lab runs."""
    from kvmlab.course.quiz.progress import Quizzes

    known = Quizzes(ctx.state, ctx.course.tag).chapter(quiz.chapter).known(one.id for one in quiz.questions)
    page.line()
    page.line(page.paint(t("{right} of {asked} right.", right=right, asked=asked), "bold"))
    words = t("{known} of {all} questions of this chapter are known", known=known, all=len(quiz.questions))
    page.line(f"{page.bar(known, len(quiz.questions), 20)}  {page.paint(words, 'dim')}")
    page.line()
    more = [(f"kvmlab quiz {quiz.chapter}", t("go on"))] if known < len(quiz.questions) else []
    labs = dict.fromkeys(one.lab for one in waiting)
    page.commands([*more, *((f"kvmlab start {lab}", t("for the questions whose answers it has")) for lab in labs)])
