"""`kvmlab map [LAB]`: a picture of bridges, guests and disks as they are now."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, chosen_id
from kvmlab.cli.output import write_json
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    parser.add_argument("lab", nargs="?", metavar="LAB", help=t("the lab; without it, the one that is running"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Draw it."""
    from kvmlab.observe.topology import topology_of
    from kvmlab.report.map import print_map
    from kvmlab.report.plain import TextPage

    running = RunningLab.of(ctx, chosen_id(ctx, args.lab))
    running.must_run()
    with running.looked_at():
        found = topology_of(running.host)
    if args.json:
        return write_json({"schema": "kvmlab.map/1", "lab": running.lab_id, **asdict(found)})
    print_map(TextPage(color=ctx.color()), found)
    return 0
