"""kvmlab solve LAB: carry out the lab's solution, step by step, and show each step."""

from __future__ import annotations

import argparse
import sys

from kvmlab.cli.context import Context
from kvmlab.cli.exam.rules import refuse_in_exam
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.course.lab.typed_step import typed
from kvmlab.errors import CannotRun
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, and which of its solutions."""
    lab_argument(parser)
    parser.add_argument("--way", metavar="NAME", default="solution", help=t("another right way, by its name"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 when every step went well; CannotRun where one did not."""
    from kvmlab.course import ProgressStore
    from kvmlab.labhost.steps import run_step
    from kvmlab.safe_text import clean_code

    refuse_in_exam(ctx, args.lab)
    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    if running.repair:
        from kvmlab.cli.repair import refuse_open

        refuse_open(running)
    with running.place.lock():
        solution = _solution(running, args.way)
        ProgressStore(ctx.state, ctx.course.tag).solved(running.lab_id)
        for step in solution.steps:
            where = f"[{step.guest}] " if step.guest else ""
            for prompt, line in typed(step.code):
                print(f"{where}{prompt} {line}", flush=True)
            outcome = run_step(running.host, step)
            if outcome.status and step.id not in solution.fails:
                print(clean_code(outcome.output), file=sys.stderr)
                raise CannotRun(
                    t("Step {step} ended with status {status}.", step=step.id, status=outcome.status),
                    f"kvmlab reset {running.lab_id}",
                )
    print(t("Solved. See for yourself: {command}", command=f"kvmlab check {running.lab_id}"))
    return 0


def _solution(running: RunningLab, name: str):  # type: ignore[no-untyped-def]
    from kvmlab.course.lab.solution import SolutionKind
    from kvmlab.errors import UsageError

    ways = {one.name: one for one in running.ctx.course.solutions(running.lab) if one.kind is not SolutionKind.NEAR}
    if name in ways:
        return ways[name]
    raise UsageError(
        t("{lab} has no solution `{name}`; it has: {names}.", lab=running.lab_id, name=name, names=", ".join(ways)),
        f"kvmlab solve {running.lab_id}",
    )
