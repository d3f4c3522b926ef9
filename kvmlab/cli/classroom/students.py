"""kvmlab class start, check, reset, finish: a row for each student as it comes."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from kvmlab.classroom.actions import Actions, tried
from kvmlab.classroom.children import Begin, Children, each, environ_of
from kvmlab.classroom.folder import SETTINGS, Class, open_class
from kvmlab.classroom.outcome import ActionOutcome
from kvmlab.classroom.policy import MEMORY, STUDENT_MEMORY
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.dry_run import elsewhere, foretell
from kvmlab.cli.classroom.locks import at_work
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.context import Context
from kvmlab.errors import CannotRun, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.classroom.machines.remote import Machines
    from kvmlab.cli.warm import Forked

    Acting = Actions | Machines

DEADLINES_S = {"start": 900, "check": 180, "reset": 900, "finish": 120}
"""What a student's own computer has for a verb, where nothing else is said."""
GRADING = ("check", "exam end")


def start(args: argparse.Namespace, ctx: Context) -> int:
    """A lab host with the lab on it for each; the images are made first, once."""
    lab = ctx.course.entry(args.words[0]).id
    if not args.inventory:
        must_fit(args, ctx, lab)
        if not args.dry_run:
            make_images(ctx, lab)
    return for_each(args, ctx, lab, lambda actions, one: actions.start(one, lab))


def check(args: argparse.Namespace, ctx: Context) -> int:
    """Look at each one's lab, and keep what was read."""
    lab = ctx.course.entry(args.words[0]).id
    return for_each(args, ctx, lab, lambda actions, one: actions.check(one, lab))


def reset(args: argparse.Namespace, ctx: Context) -> int:
    """A fresh lab host for each in place of the one there is."""
    lab = ctx.course.entry(args.words[0]).id if args.words else None
    return for_each(args, ctx, lab, lambda actions, one: actions.reset(one, lab))


def finish(args: argparse.Namespace, ctx: Context) -> int:
    """No lab hosts any more."""
    lab = ctx.course.entry(args.words[0]).id if args.words else None
    return for_each(args, ctx, lab, lambda actions, one: actions.finish(one, lab))


def enter(args: argparse.Namespace, ctx: Context) -> int:
    """One student's own kvmlab, with the verb after `--`: as if they had typed it. It takes this process's place."""
    with open_class(args.folder) as found:
        args.student, args.group = [args.words[0]], None
        (student,) = chosen(found, args)
        if place := found.book.places().get(student.id):
            message = t("{id} is placed on {server}.", id=student.id, server=place.server)
            raise CannotRun(message, "kvmlab class status")
        state, seed = found.state(student, ctx.state), found.seed(student)
    state.labs  # noqa: B018  makes the state directory, and sees that it is ours
    command = [sys.executable, "-P", "-m", "kvmlab", *args.command]
    os.execve(sys.executable, command, environ_of(state, ctx.course_dir, seed))


def left_behind(found: Class, ctx: Context) -> list[Student]:
    """Who is in the class no more, and has lab hosts still."""
    actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
    return [one for one in found.book.students(left=True) if actions.runs(one)]


def chosen(found: Class, args: argparse.Namespace, left: Sequence[Student] = ()) -> list[Student]:
    """The students that --group and --student mean, also of those who have `left`; UsageError for one that there is
    not."""
    students = [*found.book.students(), *left]
    for option, given, there in (
        ("--student", args.student, {one.id for one in students}),
        ("--group", args.group, {one.group for one in students}),
    ):
        for name in given or ():
            if name not in there:
                from kvmlab.nearest import nearest
                from kvmlab.safe_text import shown

                message = t("{option}: there is none called `{name}`.", option=option, name=shown(name))
                meant = nearest(name, there)
                raise UsageError(message, f"kvmlab class status {option} {meant}" if meant else "kvmlab class status")
    return [
        one
        for one in students
        if (not args.student or one.id in args.student) and (not args.group or one.group in args.group)
    ]


def for_each(
    args: argparse.Namespace, ctx: Context, lab: str | None, work: Callable[[Any, Student], ActionOutcome],
    how: str = "",
) -> int:  # fmt: skip
    """Do it for all that are meant, those first of all that an interrupted one (of the same `how`) has left; the worst
    exit status."""
    with open_class(args.folder) as found, ExitStack() as stack:
        students = chosen(found, args, left_behind(found, ctx) if args.action == "finish" else ())
        children = Children(ctx.course_dir, _begin(args, stack))
        actions, width = _actions(args, ctx, found, lab, children)
        places = {} if args.inventory or args.action == "finish" else found.book.places()

        def do(student: Student) -> ActionOutcome:
            if place := places.get(student.id):
                return ActionOutcome(3, elsewhere(place))
            return tried(work, actions, student)

        rows = Rows(TextPage(color=ctx.color()), students)
        if args.dry_run:
            return foretell(args.action, actions, students, lab, rows, places)
        stack.enter_context(at_work(found, ctx, args.action, lab))
        number, left = _begun(found, f"{args.action} {how}".rstrip(), lab or "", students)
        run = _run_of(found, ctx, lab) if args.action in GRADING and lab else None
        worst = 0
        with _stopped_by_hand(len(left)):
            for student, outcome in each(left, do, children, width):
                if outcome.evidence is not None and run is not None:
                    told = (outcome.evidence, outcome.hints, outcome.assisted)
                    found.book.add_attempt(run, student.id, ctx.course.tag, *told)
                found.book.note_outcome(number, student.id, outcome.word, outcome.said)
                killpoint("class.noted")
                rows.put(student, outcome.said, outcome.status)
                worst = max(worst, outcome.status if outcome.status in (0, 1) else 3)
        found.book.end_action(number)
    return worst


def _begin(args: argparse.Namespace, stack: ExitStack) -> Begin | None:
    """For a check here, by a process that loads what it needs once for all students."""
    if args.action != "check" or args.inventory:
        return None
    from kvmlab.cli.warm import Warm

    ready, lock = list[Warm](), Lock()

    def begin(argv: Sequence[str], environ: Mapping[str, str]) -> Forked:
        with lock:
            if not ready:
                ready.append(stack.enter_context(closing(Warm())))
        return ready[0].begin(argv, environ)

    return begin


def _actions(
    args: argparse.Namespace, ctx: Context, found: Class, lab: str | None, children: Children
) -> tuple[Acting, int | None]:
    """What acts for the students, and for how many of them at once."""
    if not args.inventory:
        return Actions(found, ctx.course, ctx.state, children), None
    from kvmlab.classroom.machines.inventory import read_inventory
    from kvmlab.classroom.machines.remote import WIDTH, Machines
    from kvmlab.classroom.machines.servers import Servers
    from kvmlab.classroom.regrade import Grader

    if lab is None:
        said = t("With --inventory the lab has to be named.")
        raise UsageError(said, f"kvmlab class {args.action} LAB --inventory {args.inventory}")
    inventory = read_inventory(args.inventory)
    grader = Grader(ctx.course, lab, ctx.lang) if args.action == "check" else None
    everybody, deadline_s = found.book.students(), args.deadline or DEADLINES_S[args.action]
    servers = Servers(found.book.places())
    return Machines(found, ctx.course, inventory, everybody, children, deadline_s, grader, monotonic(), servers), WIDTH


def _begun(found: Class, verb: str, lab: str, students: list[Student]) -> tuple[int, list[Student]]:
    """The action's number, and for whom it is still to be done."""
    before = found.book.interrupted(verb, lab)
    if before is None:
        return found.book.begin_action(verb, lab), students
    number, outcomes = before
    left = [one for one in students if outcomes.get(one.id) != "done"]
    if done := len(students) - len(left):
        said = t("Taken up where it was interrupted: {done} of {all} are done.", done=done, all=len(students))
        print(said, file=sys.stderr)
    return number, left


def _run_of(found: Class, ctx: Context, lab: str) -> int:
    from kvmlab.course.version import lab_version

    return found.book.begin_run("check", lab, lab_version(ctx.course, lab))


@contextmanager
def _stopped_by_hand(count: int) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(t("Stopped. The same command goes on with those who are left."), file=sys.stderr)
        raise


def must_fit(args: argparse.Namespace, ctx: Context, lab: str) -> None:
    """UsageError where the lab's guests want more memory than class.toml lets a lab host have."""
    from kvmlab.setup.memory import memory_of

    needed = memory_of(ctx.course.lab(lab).guests)
    with open_class(args.folder) as found:
        limits, path = found.limits, found.folder / SETTINGS
    for name, most in ((MEMORY, limits.memory_mib), (STUDENT_MEMORY, limits.all_memory_mib)):
        if most and most < needed:
            values = {"lab": lab, "needed": needed, "name": name, "most": most}
            said = t("A lab host of {lab} needs {needed} MiB, and `{name}` is {most}.", **values)
            raise UsageError(said, f"${{EDITOR:-vi}} {shlex.quote(str(path))}")


def make_images(ctx: Context, lab: str) -> None:
    """Before many starts at once, which would all want to make them."""
    from kvmlab.report.progress import progress
    from kvmlab.setup.materials import make_images

    with progress() as steps:
        make_images(ctx.state, ctx.course.lab(lab), steps)
