"""kvmlab new LAB, kvmlab new fault ID --lab LAB: begin a lab or a fault, with files that work and say what is left."""

from __future__ import annotations

import argparse

from kvmlab.cli.context import Context
from kvmlab.errors import UsageError
from kvmlab.words import t

FAULT = "fault"


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, or `fault` and an ID."""
    parser.add_argument("lab", metavar="LAB", help=t("CHAPTER-NAME of the new lab: network-vlan; or the word `fault`"))
    parser.add_argument("id", metavar="ID", nargs="?", help=t("after `fault`: CHAPTER-NAME of the new fault"))
    parser.add_argument("--lab", dest="for_lab", metavar="LAB", help=t("of a fault: a lab that it is offered for"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Write the files, and say how to go on."""
    return _fault(args, ctx) if args.lab == FAULT else _lab(args, ctx)


def _lab(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.author.new import begin
    from kvmlab.report.plain import TextPage

    if args.id is not None or args.for_lab is not None:
        raise UsageError(t("A lab has one name: CHAPTER-NAME."), f"kvmlab new {args.lab}")
    page = TextPage(color=ctx.color())
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


def _fault(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.author.new import begin_fault
    from kvmlab.report.plain import TextPage

    if args.id is None or args.for_lab is None:
        message = t("A fault has a name, and a lab that it is offered for.")
        raise UsageError(message, "kvmlab new fault CHAPTER-NAME --lab LAB")
    page = TextPage(color=ctx.color())
    for path in begin_fault(ctx.course, args.id, args.for_lab):
        page.line(str(path))
    page.line(t("A small fault that works; change it step by step, and look after each:"))
    prove = f"kvmlab prove {args.for_lab} --only faults --fault {args.id}"
    page.commands(
        [("kvmlab lint", t("what is left to do, and what does not fit")), (prove, t("prove it on real lab hosts"))]
    )
    return 0
