"""kvmlab explain [LAB]: the story of a repair that has ended: what was broken, how it showed, what finds it."""

from __future__ import annotations

import argparse

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, chosen_id
from kvmlab.cli.verbs.repair import no_repair
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    parser.add_argument("lab", metavar="LAB", nargs="?", help=t("the lab; without it, the one that is running"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Tell it; CannotRun as long as it is open."""
    from kvmlab.cli.repair import explain

    running = RunningLab.of(ctx, chosen_id(ctx, args.lab))
    repair = running.repair
    if repair is None:
        raise no_repair(running.lab_id)
    return explain(running, repair)
