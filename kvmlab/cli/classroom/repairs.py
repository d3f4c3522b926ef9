"""kvmlab class repair: a fault hidden on a lab host for each student, the same for all or each their own."""

from __future__ import annotations

import argparse

from kvmlab.classroom.actions import GivenRepair
from kvmlab.cli.classroom.students import for_each, make_images, must_fit
from kvmlab.cli.context import Context
from kvmlab.cli.verbs.repair import must_be_a_seed, offered


def repair(args: argparse.Namespace, ctx: Context) -> int:
    """Hide it; `kvmlab class check` says then who has mended it."""
    lab = ctx.course.entry(args.words[0]).id
    must_be_a_seed(args.seed)
    offered(ctx, [lab], args.level or 0)
    given = GivenRepair(args.seed or "", args.each or not args.seed, args.level or 0)
    must_fit(args, ctx, lab)
    if not args.dry_run:
        make_images(ctx, lab)
    return for_each(args, ctx, lab, lambda actions, one: actions.repair(one, lab, given), how=_how(given))


def _how(given: GivenRepair) -> str:
    """By what one that was interrupted is known."""
    return f"{given.level} {'each' if given.each else 'all'} {given.seed}"
