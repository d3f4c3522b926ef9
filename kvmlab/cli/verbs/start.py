"""kvmlab start LAB: a lab host with the lab on it; where one runs already, say so and change nothing.

With --resume: the lab host that was there before the computer was switched off, with all that was done on it; where
the computer only slept, its guests' clocks are set.
"""

from __future__ import annotations

import argparse
import sys
import time

from kvmlab.cli.context import Context
from kvmlab.cli.lab import lab_argument, place_of, say_whether_a_name_was_meant
from kvmlab.paths import State
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, --resume."""
    lab_argument(parser)
    again = t("the same lab host again, as it was when the computer was switched off")
    parser.add_argument("--resume", action="store_true", help=again)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Start it, and say how to go on."""
    return _resume(args, ctx) if args.resume else _start(args, ctx)


def _resume(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.report.progress import progress
    from kvmlab.setup.resume import Resumed, resume

    place, began = place_of(ctx, args.lab), time.monotonic()
    with progress() as steps:
        resumed = resume(place, steps)
    if resumed is Resumed.CLOCKS:
        print(t("{lab} runs; its guests' clocks, which stood still while this computer slept, are set.", lab=place.lab))
        return 0
    if resumed is Resumed.NOTHING:
        print(t("{lab} runs already; nothing was changed.", lab=place.lab), file=sys.stderr)
        return 0
    print(t("{lab} goes on where it was ({seconds:.1f} s).", lab=place.lab, seconds=time.monotonic() - began))
    print(t("Guests marked for autostart run again; the others wait for `virsh start`, as after any host's restart."))
    say_next(place.lab)
    return 0


def _start(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.course import ProgressStore
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import start
    from kvmlab.setup.spare_maker import make_behind

    lab = ctx.course.lab(args.lab, ctx.lang, ctx.variant)
    say_whether_a_name_was_meant(ctx, lab)
    place = place_of(ctx, lab.id)
    began = time.monotonic()
    with progress() as steps:
        found, fresh = start(place, lab, steps)
    if not fresh:
        print(t("{lab} runs already; nothing was changed.", lab=lab.id), file=sys.stderr)
        if ctx.variant is not None and ctx.variant != found.variant:
            print(t("It is another variant. To change over: {command}",
                    command=f"kvmlab --variant {ctx.variant} reset {lab.id}"), file=sys.stderr)  # fmt: skip
        return 0
    ProgressStore(ctx.state, ctx.course.tag).began(lab.id)
    make_behind(place)
    print(t("{lab} is ready ({seconds:.1f} s).", lab=lab.id, seconds=time.monotonic() - began))
    say_if_emulated(ctx.state)
    say_next(lab.id)
    return 0


def say_if_emulated(state: State) -> None:
    """That guests are emulated is never kept quiet: why, and what helps."""
    from kvmlab.labhost.computer import kvm_advice
    from kvmlab.labhost.computer.accelerator import Kvm, last_found

    kvm = last_found(state)
    if kvm in (None, Kvm.WORKS):
        return
    print(kvm_advice.seen(kvm), file=sys.stderr)
    if todo := kvm_advice.todo(kvm):
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
