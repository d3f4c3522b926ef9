"""kvmlab finish LAB: remove its lab host; what has been achieved is kept."""

from __future__ import annotations

import argparse
import sys

from kvmlab.cli.context import Context
from kvmlab.cli.lab import lab_argument, place_of
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    lab_argument(parser)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Finish it; one that does not run is finished already."""
    from kvmlab.labhost.computer.podman_options import remembered_podman
    from kvmlab.setup.lifecycle import finish

    place = place_of(ctx, args.lab)
    known = place.run()
    finish(place, remembered_podman(ctx.state))
    if known:
        print(t("{lab} is finished; its lab host is gone, your progress is kept.", lab=place.lab))
    else:
        print(t("{lab} was not running.", lab=place.lab), file=sys.stderr)
    return 0
