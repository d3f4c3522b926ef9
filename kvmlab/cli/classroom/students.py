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
from kvmlab.cli.classroom.locks import at_work
from kvmlab.cli.context import Context
from kvmlab.cli.student import state_word
from kvmlab.errors import CannotRun, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.classroom.gradebook.records import ServerPlace
    from kvmlab.classroom.machines.remote import Machines
    from kvmlab.cli.warm import Forked
    from kvmlab.labhost.record import Run

    Acting = Actions | Machines

DEADLINES_S = {"start": 900, "check": 180, "reset": 900, "finish": 120}
"""What a student's own computer has for a verb, where nothing else is said."""
GRADING = ("check", "exam end")
_MARKS = {0: ("✓", "green"), 1: ("✗", "red")}


class Rows:
    """Prints a line a student."""

    def __init__(self, page: TextPage, students: list[Student]) -> None:
        self._page = page
        self._ids = max((cells(one.id) for one in students), default=0)
        self._names = min(24, max((cells(one.name) for one in students), default=0))

    def put(self, student: Student, said: str, status: int | None = None) -> None:
        """One row; `status` None: nothing was done."""
        mark, style = _MARKS.get(status, ("!", "yellow")) if status is not None else (" ", "")
        who = f"{fit(student.id, self._ids)}  {fit(student.name, self._names)}"
        self._page.line(f"{self._page.paint(mark, style)} {who}  {clean(said)}")
        self._page.stream.flush()


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
                return ActionOutcome(3, _elsewhere(place))
            return tried(work, actions, student)

        rows = Rows(TextPage(color=ctx.color()), students)
        if args.dry_run:
            return _foretell(args.action, actions, students, lab, rows, places)
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


def _elsewhere(place: ServerPlace) -> str:
    """Why nothing is done here for a student who is placed on a class server."""
    return t("is placed on {server}: --inventory FILE leads there", server=place.server)


def _foretell(
    verb: str, actions: Acting, students: list[Student], lab: str | None, rows: Rows, places: Mapping[str, ServerPlace]
) -> int:
    for student in students:
        if student.id in places:
            rows.put(student, _elsewhere(places[student.id]), 3)
            continue
        if not isinstance(actions, Actions):
            where = actions.where(student)
            said = where if isinstance(where, str) else f"{where.name}: kvmlab {verb} {lab}"
            rows.put(student, said)
            continue
        runs = actions.runs(student)
        there = {lab: runs[lab]} if lab in runs else {} if lab else runs
        rows.put(student, _would(verb, lab, there))
    return 0


def _would(verb: str, lab: str | None, there: dict[str, Run]) -> str:
    known = ", ".join(f"{name} ({state_word(run.state)})" for name, run in there.items())
    if verb == "exam end":
        return t("would hand in {labs}", labs=known) if there else t("nothing runs")
    if verb == "repair" and not there:
        return t("would start {lab}, and break something there", lab=lab)
    if verb in ("start", "exam begin", "repair"):
        return t("there already: {labs}", labs=known) if there else t("would start {lab}", lab=lab)
    if verb == "check":
        return t("would look at {labs}", labs=known) if there else t("not started: could not look")
    if verb == "reset" and lab and not there:
        return t("would start {lab}", lab=lab)
    return t("would throw away: {labs}", labs=known) if there else t("nothing runs")


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
