"""kvmlab new LAB: begin a lab, with files that work and say what is still to be done."""

from __future__ import annotations

import argparse

from kvmlab.cli.context import Context
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    parser.add_argument("lab", metavar="LAB", help=t("CHAPTER-NAME of the new lab: network-vlan"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Write the files, and say how to go on."""
    from kvmlab.author.new import begin
    from kvmlab.report.plain import Page

    page = Page(color=ctx.color())
    for path in begin(ctx.course_dir, args.lab):
        page.line(str(path))
    page.line(t("A small lab that works; change it step by step, and look after each:"))
    page.commands(
        [
            (f"kvmlab lint {args.lab}", t("what is left to do, and what does not fit")),
            (f"kvmlab prove {args.lab}", t("prove it on real lab hosts")),
        ]
    )
    return 0
