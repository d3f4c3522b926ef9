"""kvmlab serve: the page, in a browser on this computer: text, terminal and checks of a lab side by side."""

from __future__ import annotations

import argparse

from kvmlab.cli.context import Context
from kvmlab.cli.page import must_have_page
from kvmlab.cli.parsing import whole
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """--port."""
    one = t("the port to listen on; without it, the one of last time")
    parser.add_argument("--port", metavar="N", type=whole(1, 65535), help=one)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 after Ctrl-C; CannotRun where what the page needs is not here."""
    must_have_page()
    from kvmlab.page.commands import Commands
    from kvmlab.page.serve import serve

    ctx.course.ids  # noqa: B018  (a broken course is told of now)
    options = ["--course", str(ctx.course_dir)] + (["--variant", ctx.variant] if ctx.variant is not None else [])
    print(t("The page is served on this computer alone. Ctrl-C ends it, and its terminals; labs go on."))
    serve(ctx.state, Commands(tuple(options)), ctx.course_dir, args.port, _say)
    return 0


def _say(link: str) -> None:
    print("  " + t("Open this in a browser (it lets one in): {link}", link=link), flush=True)
