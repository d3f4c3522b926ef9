"""kvmlab reset LAB: throw the lab host away, in whatever state it is, and start another."""

from __future__ import annotations

import argparse
import time

from kvmlab.cli.context import Context
from kvmlab.cli.lab import lab_argument, place_of, say_whether_a_name_was_meant
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    lab_argument(parser)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Reset it; the variant stays the one it had unless another is asked for."""
    from kvmlab.course import ProgressStore
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import reset
    from kvmlab.setup.spare_maker import make_behind

    place = place_of(ctx, args.lab)
    found = place.run()
    variant = ctx.variant if ctx.variant is not None or found is None else found.variant
    lab = ctx.course.lab(place.lab, ctx.lang, variant)
    say_whether_a_name_was_meant(ctx, lab)
    began = time.monotonic()
    if found and place.known_host(found).is_repair and ctx.variant in (None, found.variant):
        from kvmlab.cli.verbs.repair import begin_again

        if begin_again(ctx, place):
            print(t("{lab} is broken as it was ({seconds:.1f} s).", lab=place.lab, seconds=time.monotonic() - began))
            return 0
    ProgressStore(ctx.state, ctx.course.tag).began(lab.id)
    with progress() as steps:
        reset(place, lab, steps)
    make_behind(place)
    print(t("{lab} is as at its start ({seconds:.1f} s).", lab=lab.id, seconds=time.monotonic() - began))
    return 0
