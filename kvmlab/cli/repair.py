"""What the verbs show of a lab host that is to be repaired: the ticket, what is left of it, hints, the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvmlab.cli.lab import RunningLab
from kvmlab.cli.output import write_document, write_json
from kvmlab.cli.repair_document import SCHEMA, document, fault_of
from kvmlab.errors import CannotRun, CouldNotLook, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.repair.report import whose_prompt
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean_code
from kvmlab.words import t

if TYPE_CHECKING:
    import argparse

    from kvmlab.course.fault.model import Symptom
    from kvmlab.repair.judging import Judgement
    from kvmlab.repair.record import Repair

HISTORY = "/root/.bash_history"
MOST_HISTORY, LINES = 65536, 40
_MARKS = {True: ("✗", "red"), False: ("✓", "green"), None: ("?", "yellow")}
"""Bytes of a shell's history that are read, and lines of it that are shown."""


def refuse_open(running: RunningLab) -> None:
    """CannotRun as long as a repair is open: what was asked for would tell the cause."""
    if (repair := running.repair) and repair.is_open:
        message = t("{lab} is to be repaired: this waits until it is mended or given up.", lab=running.lab_id)
        raise CannotRun(message, f"kvmlab check {running.lab_id}")


def show(running: RunningLab, repair: Repair, *, as_json: bool = False) -> int:
    """The ticket, and how to go on."""
    if as_json:
        return write_json(document(running, repair))
    page = TextPage(color=running.ctx.color())
    _head(page, running, repair)
    page.line()
    page.prose(fault_of(repair).story(running.ctx.lang).ticket)
    page.line()
    page.line("  " + t("What fails:"))
    for one in fault_of(repair).symptoms:
        _symptom(page, one, "")
    page.line()
    page.commands(_next(running, repair))
    return 0


def check(running: RunningLab, args: argparse.Namespace) -> int:
    """Which symptoms are left: 0 mended, 1 not, 3 could not look. What a check finds is not told."""
    _refuse_options(args, running.lab_id)
    running.must_run()
    repair = running.repair
    assert repair is not None
    if repair.over:
        _keep(running, repair, None, args)
        return _ended(running, repair, args)
    found = _judged(running, repair)
    killpoint("repair.judged")
    if found.verdict.value == "passed":
        repair = end(running, repair, "mended")
    _keep(running, repair, found, args)
    if args.json:
        write_json(document(running, repair, found))
    else:
        _print(TextPage(color=running.ctx.color()), running, repair, found)
    return {"passed": 0, "error": CouldNotLook.status}.get(found.verdict.value, 1)


def _keep(running: RunningLab, repair: Repair, found: Judgement | None, args: argparse.Namespace) -> None:
    """With --evidence: for a class's gradebook what was found, under a name of its own, for it is no attempt at the
    lab."""
    if args.evidence:
        from kvmlab.cli.evidence import evidence_of
        from kvmlab.repair.record import graded_as
        from kvmlab.repair.report import report_of

        report = report_of(running.lab_id, running.run.variant, repair, found)
        write_document(args.evidence, {**evidence_of(running, report, {}), "lab": graded_as(running.lab_id)})


def end(running: RunningLab, repair: Repair, outcome: str) -> Repair:
    """Note that it is mended, or given up."""
    from kvmlab.course.fault.progress import Ended, Repairs
    from kvmlab.course.progress import now
    from kvmlab.repair.record import keep

    done, fault = repair.ending(outcome), fault_of(repair)
    keep(running.known_host, done)
    ctx = running.ctx
    row = Ended(running.lab_id, fault.id, fault.level, done.seed, outcome, int(done.seconds), done.hints, done.points,
                done.max_points, now())  # fmt: skip
    Repairs(ctx.state, ctx.course.tag).ended(row)
    return done


def hint(running: RunningLab, repair: Repair, args: argparse.Namespace) -> int:
    """The next hint, or with --again those given so far."""
    from kvmlab.repair.record import keep

    if args.task is not None:
        raise UsageError(
            t("A repair has no tasks: its hints come one after the other."), f"kvmlab hint {running.lab_id}"
        )
    hints = fault_of(repair).story(running.ctx.lang).hints
    if not args.again and repair.is_open and repair.hints < len(hints):
        repair = repair._replace(hints=repair.hints + 1)
        keep(running.known_host, repair)
        numbers = [repair.hints]
    else:
        numbers = list(range(1, min(repair.hints, len(hints)) + 1)) if args.again else []
    if args.json:
        given = [{"number": number, "text": hints[number - 1]} for number in numbers]
        return write_json({"schema": SCHEMA, "lab": running.lab_id, "hints": given, "hints_in_all": len(hints)})
    page = TextPage(color=running.ctx.color())
    for number in numbers:
        page.line(page.paint(t("hint {number} of {all}", number=number, all=len(hints)), "bold"))
        page.line()
        page.prose(hints[number - 1])
        page.line()
    if not numbers:
        page.line(t("No hint has been given yet.") if args.again else t("All hints have been given."))
    page.commands(_next(running, repair))
    return 0


def explain(running: RunningLab, repair: Repair) -> int:
    """What was broken, how each symptom followed, and what the student's shell remembers of the way."""
    refuse_open(running)
    page, story = TextPage(color=running.ctx.color()), fault_of(repair).story(running.ctx.lang)
    _head(page, running, repair)
    page.line()
    page.line(page.title(story.title, page.width, "bold").rstrip())
    page.line()
    page.prose(story.story)
    if lines := _history(running):
        page.line()
        page.line(t("Your own way, as the shell's history has it:"))
        page.lines((page.paint(clean_code(one), "cyan") for one in lines), indent=4)
    page.line()
    page.commands([(f"kvmlab diff {running.lab_id}", t("what is not as it was before it broke")),
                   (f"kvmlab finish {running.lab_id}", t("remove the lab host; your progress is kept"))])  # fmt: skip
    return 0


def _history(running: RunningLab) -> list[str]:
    """The last lines of root's history on the lab host; none where it cannot be read."""
    try:
        text = running.root.text(HISTORY, MOST_HISTORY)
    except (OSError, CannotRun, ValueError):
        return []
    return [line[:200] for line in text.split("\n") if line.strip() and not line.startswith("#")][-LINES:]


def _judged(running: RunningLab, repair: Repair) -> Judgement:
    from kvmlab.repair.judging import judge
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import for_a_copy

    with running.looked_at(), progress() as steps, for_a_copy(running.place, running.host.podman) as fresh:
        steps.step(t("trying what the ticket says"), None)
        return judge(running.lab, running.ctx.course.checker(running.lab_id), running.host, repair, fresh)


def _refuse_options(args: argparse.Namespace, lab_id: str) -> None:
    if args.tasks or args.junit or args.wait or args.watch or args.all or args.rehearse:
        message = t(
            "{lab} is to be repaired: `check` says what is left of the ticket, and takes only --json and --evidence.",
            lab=lab_id,
        )
        raise UsageError(message, f"kvmlab check {lab_id}")


def _head(page: TextPage, running: RunningLab, repair: Repair) -> None:
    words = [t("level {level}", level=fault_of(repair).level), t("seed {seed}", seed=repair.seed)]
    words.append(t("{minutes} min", minutes=int(repair.seconds // 60)))
    if repair.hints:
        words.append(t("1 hint") if repair.hints == 1 else t("{count} hints", count=repair.hints))
    if repair.over:
        words.append(t("mended") if repair.points else t("given up"))
    words.append(t("{points}/{most} points", points=repair.points, most=repair.max_points))
    page.line(f"{page.paint(running.lab_id, 'bold cyan')}  {page.paint(t('a repair'), 'bold')}  "
              f"{page.paint(' · '.join(words), 'dim')}")  # fmt: skip


def _symptom(page: TextPage, one: Symptom, mark: str) -> None:
    """Where its command is run, and the command."""
    where = whose_prompt(one)
    tail = t("   (after the next boot)") if one.upcoming else ""
    for number, line in enumerate(clean_code(one.code).split("\n")):
        prompt = f"{where}$ " if not number else " " * (len(where) + 2)
        page.line(f"  {mark if not number else ' ' * (2 if mark else 0)}  {page.paint(prompt + line, 'cyan')}"
                  f"{page.paint(tail, 'dim') if not number else ''}")  # fmt: skip


def _print(page: TextPage, running: RunningLab, repair: Repair, found: Judgement) -> None:
    _head(page, running, repair)
    page.line()
    for one in fault_of(repair).symptoms:
        _symptom(page, one, page.paint(*_MARKS[found.shows(one)]))
    page.line()
    page.prose(_said(repair, found), indent=0)
    page.line()
    page.commands(_next(running, repair))


def _said(repair: Repair, found: Judgement) -> str:
    if repair.over:
        return t("Mended. Everything is as it is to be, now and at the next start.")
    if found.left:
        number = len(found.left)
        return t("1 symptom is left.") if number == 1 else t("{number} symptoms are left.", number=number)
    if not found.holds:
        return t("No symptom is left, yet not everything is as it is to be: now, or at the next start or boot.")
    if found.forbidden:
        return t("No symptom is left, but what the ticket forbids was done.")
    if not found.untouched:
        return t("No symptom is left, but something was changed that the fault had not touched.")
    return t("No symptom is left, but not everything could be looked at; look again in a moment.")


def _ended(running: RunningLab, repair: Repair, args: argparse.Namespace) -> int:
    if args.json:
        write_json(document(running, repair))
    else:
        page = TextPage(color=running.ctx.color())
        _head(page, running, repair)
        page.commands(_next(running, repair))
    return 0 if repair.points else 1


def _next(running: RunningLab, repair: Repair) -> list[tuple[str, str]]:
    lab = running.lab_id
    if repair.over:
        return [(f"kvmlab explain {lab}", t("what was broken, and how it is found")),
                (f"kvmlab finish {lab}", t("remove the lab host; your progress is kept"))]  # fmt: skip
    return [
        (f"kvmlab shell {lab}", t("work on it")),
        (f"kvmlab check {lab}", t("which symptoms are left")),
        (f"kvmlab hint {lab}", t("a hint, one step at a time")),
        (f"kvmlab show --text {lab}", t("what the lab host is for: the text of its lab")),
        (f"kvmlab repair --give-up {lab}", t("be told what was broken")),
    ]
