"""`kvmlab diff LAB`: what has changed on the lab host since the start."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.cli.output import write_json
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.observe.inventory import Difference


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    lab_argument(parser)
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Print each difference, by name. 0, whether there are any or none."""
    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    if running.repair:
        from kvmlab.cli.repair import refuse_open

        refuse_open(running)
    with running.looked_at():
        found = _since_the_start(running)
    if args.json:
        listed = [{"name": one.name, "before": one.before, "now": one.now} for one in found]
        return write_json({"schema": "kvmlab.diff/1", "lab": running.lab_id, "differences": listed})
    from kvmlab.report.plain import TextPage
    from kvmlab.safe_text import clean

    page = TextPage(color=ctx.color())
    signs = {True: page.paint("+", "green"), False: page.paint("~", "yellow")}
    for one in found:
        sign = page.paint("-", "red") if one.now is None else signs[one.before is None]
        page.line(f"{sign} {clean(one.text())}")
    if not found:
        page.line(t("Nothing has changed since the start of {lab}.", lab=running.lab_id))
    return 0


def _since_the_start(running: RunningLab) -> list[Difference]:
    """This lab host against what is remembered of its start."""
    from kvmlab.observe.inventory import changes
    from kvmlab.setup.start_record import pictures

    return changes(*pictures(running.known_host))
