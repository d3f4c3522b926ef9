"""kvmlab check LAB [TASK…]: for each task what was wanted, what was found, and the command that shows it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.cli.exam.rules import refuse_in_exam
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.cli.noting import note
from kvmlab.cli.output import write_file
from kvmlab.errors import CouldNotLook, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, tasks, how to report and how long to wait."""
    lab_argument(parser)
    parser.add_argument("tasks", metavar="TASK", nargs="*", default=[], help=t("only these tasks"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))
    parser.add_argument("--junit", metavar="FILE", type=Path, help=t("write a JUnit file as well"))
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        default=0.0,
        help=t("look again until all passes, for so many seconds at most"),
    )
    parser.add_argument("--watch", action="store_true", help=t("look again and again until all passes, or Ctrl-C"))
    follow = t("one line of JSON whenever something has changed, until standard input ends (for programs)")
    parser.add_argument("--follow", action="store_true", help=follow)
    parser.add_argument("--all", action="store_true", help=t("show the facts that are as wanted, too"))
    evidence = t("write all facts that were read as well, so that they can be graded again")
    parser.add_argument("--evidence", metavar="FILE", type=Path, help=evidence)
    rehearse = t("boot a copy of the lab host, and look there at what is said of the next start")
    parser.add_argument("--rehearse", action="store_true", help=rehearse)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """The report's exit status: 0 all passed, 1 not, 3 could not look."""
    if args.follow:
        return _followed(args, ctx)
    refuse_in_exam(ctx, args.lab)
    if args.rehearse and (args.watch or args.wait):
        raise UsageError(t("--rehearse looks once: without --watch and --wait."), f"kvmlab check --rehearse {args.lab}")
    if args.evidence and (args.rehearse or args.watch or args.wait or args.tasks):
        message = t("--evidence looks once, at all tasks: without --watch, --wait, --rehearse and TASK.")
        raise UsageError(message, f"kvmlab check --evidence FILE {args.lab}")
    running = RunningLab.of(ctx, args.lab)
    if running.repair:
        from kvmlab.cli import repair

        return repair.check(running, args)
    if not args.json:  # a program gets its document: could not look
        running.must_run()
    if args.watch:
        running = _watch(running, args)
    report = _looked(running, args)
    killpoint("check.looked")
    note(running, report)
    killpoint("check.noted")
    if args.junit:
        from kvmlab.report.junit import junit_xml

        write_file(args.junit, junit_xml(report))
    if args.json:
        from kvmlab.report.document import document

        sys.stdout.write(document(report))
    else:
        from kvmlab.report.terminal import print_report

        print_report(report, lab=running.lab_id, color=ctx.color(), verbose=args.all)
    if report.exit_status == CouldNotLook.status:
        running.must_run()
    return report.exit_status


def _followed(args: argparse.Namespace, ctx: Context) -> int:
    if args.tasks or args.junit or args.wait or args.watch or args.all or args.evidence or args.rehearse:
        message = t("--follow stands alone: all tasks, and nothing else asked.")
        raise UsageError(message, f"kvmlab check --follow {args.lab}")
    from kvmlab.cli.following import follow_lab

    return follow_lab(ctx, ctx.course.entry(args.lab).id)


def _looked(running: RunningLab, args: argparse.Namespace) -> Report:
    if args.evidence:
        from kvmlab.cli.evidence import graded_and_kept

        return graded_and_kept(running, args.evidence)
    return _rehearsed(running, args) if args.rehearse else _graded(running, args)


def _graded(running: RunningLab, args: argparse.Namespace) -> Report:
    from kvmlab.observe.grade import grade
    from kvmlab.report.progress import waiting

    with waiting() as tell:
        return grade(
            running.lab,
            running.ctx.course.checker(running.lab_id),
            running.known_host,
            only=args.tasks,
            wait_s=args.wait,
            waiting=tell,
        )


def _rehearsed(running: RunningLab, args: argparse.Namespace) -> Report:
    from kvmlab.cli.rehearsal import rehearsed

    return rehearsed(running, only=args.tasks)


def _watch(running: RunningLab, args: argparse.Namespace) -> RunningLab:
    """Show and note each report that differs from the one before, until one has passed; the last is the caller's."""
    from kvmlab.observe.watch import watched

    now = running

    def goes_on() -> bool:
        nonlocal now
        now = _as_it_runs_now(running)
        return now is running

    while True:
        with watched(running.lab, running.ctx.course.checker(running.lab_id), running.known_host) as watch:
            for report in watch.reports(args.tasks, goes_on):
                if not report.exit_status:
                    return running
                note(running, report)
                _show(running, report, args)
        running = now


def _show(running: RunningLab, report: Report, args: argparse.Namespace) -> None:
    from kvmlab.report.terminal import print_report

    if args.json:
        return
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")
    print_report(report, lab=running.lab_id, color=running.ctx.color(), verbose=args.all)
    sys.stdout.flush()


def _as_it_runs_now(running: RunningLab) -> RunningLab:
    """The run as it is now: after a reset another lab host, and the one before while that is being started.

    CannotRun once the lab is finished, or part of an exam, or its lab host no longer runs.
    """
    from kvmlab.labhost.record import STOPPED

    run = running.place.run()
    if run and run.state == STOPPED:
        running.must_run()
    if run and (run.state != running.run.state or run.instance == running.run.instance):
        return running
    refuse_in_exam(running.ctx, running.lab_id)
    return RunningLab.of(running.ctx, running.lab_id)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(t("seconds are a number from 0 to 3600, not {text}", text=text[:20]))
    return value
