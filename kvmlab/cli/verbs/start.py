"""kvmlab start LAB: a lab host with the lab on it; where one runs already, say so and change nothing."""

from __future__ import annotations

import argparse
import sys
import time

from kvmlab.cli.context import Context
from kvmlab.cli.lab import lab_argument, place_of
from kvmlab.paths import State
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    lab_argument(parser)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Start it, and say how to go on."""
    from kvmlab.course import Progress
    from kvmlab.environment.launch import start
    from kvmlab.report.progress import progress

    lab = ctx.course.lab(args.lab, ctx.lang, ctx.variant)
    began = time.monotonic()
    with progress() as steps:
        found, fresh = start(place_of(ctx, lab.id), lab, steps)
    if not fresh:
        print(t("{lab} runs already; nothing was changed.", lab=lab.id), file=sys.stderr)
        if ctx.variant is not None and ctx.variant != found.variant:
            print(t("It is another variant. To change over: {command}",
                    command=f"kvmlab --variant {ctx.variant} reset {lab.id}"), file=sys.stderr)  # fmt: skip
        return 0
    Progress(ctx.state, ctx.course.tag).began(lab.id)
    print(t("{lab} is ready ({seconds:.1f} s).", lab=lab.id, seconds=time.monotonic() - began))
    say_if_emulated(ctx.state)
    say_next(lab.id)
    return 0


def say_if_emulated(state: State) -> None:
    """That guests are emulated is never kept quiet: why, and what helps."""
    from kvmlab.labhost import advice
    from kvmlab.labhost.accelerator import Kvm, last_found

    kvm = last_found(state)
    if kvm in (None, Kvm.WORKS):
        return
    print(advice.seen(kvm), file=sys.stderr)
    if todo := advice.todo(kvm):
        print(f"  → {todo}", file=sys.stderr)


def say_next(lab_id: str) -> None:
    """The three commands a student goes on with."""
    lines = (
        (f"kvmlab show {lab_id}", t("what there is to do")),
        (f"kvmlab shell {lab_id}", t("work on the lab host")),
        (f"kvmlab check {lab_id}", t("see how far you are")),
    )
    for command, meaning in lines:
        print(f"  {command:<36} {meaning}")
