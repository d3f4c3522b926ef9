"""kvmlab prove [LAB…]: prove on real lab hosts that a lab can be passed, and cannot be passed wrongly."""

from __future__ import annotations

import argparse
import os
import signal
import time
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.cli.lab import say_whether_a_name_was_meant
from kvmlab.cli.output import write_json
from kvmlab.cli.parsing import whole
from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.author.prove.plans import Plan


def arguments(parser: argparse.ArgumentParser) -> None:
    """Labs, variants, which proofs, how many lab hosts at once."""
    from kvmlab.author.prove.proof import Proof

    proofs = [one.value for one in Proof]
    parser.add_argument("labs", metavar="LAB", nargs="*", help=t("only these labs; else all"))
    more = t("besides the course's values, N random variants")
    parser.add_argument("--variants", metavar="N", type=whole(1, 99), default=0, help=more)
    own = t("without the variants that a lab has by name")
    parser.add_argument("--own", action="store_true", help=own)
    parser.add_argument("--jobs", metavar="N", type=whole(1, 99), help=t("so many lab hosts at once"))
    parser.add_argument(
        "--only", metavar="PROOF", action="append", default=[],
        choices=[*proofs, *(str(one.number) for one in Proof)],
        help=t("only this proof, by name or number: {names}", names=", ".join(proofs)),
    )  # fmt: skip
    part = t("try only this many mutants of each lab, drawn by the seed of --shuffle; without it, all")
    parser.add_argument("--mutants", metavar="N", type=whole(1, 9999), default=0, help=part)
    parser.add_argument(
        "--fault",
        metavar="ID",
        action="append",
        default=[],
        help=t("only this fault (with --only faults); without it, all of each lab"),
    )
    parser.add_argument("--shuffle", metavar="SEED", help=t("labs and cases in the order this seed gives"))
    parser.add_argument(
        "--resume", action="store_true", help=t("do not prove again what was proved with the same code")
    )
    parser.add_argument("--keep-going", action="store_true", help=t("go on with other labs when one is refuted"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 all proved, 1 something is refuted, 2 files that do not fit together, 3 a case could not be carried out."""
    from kvmlab.author.prove.display import ProofDisplay, print_summary
    from kvmlab.author.prove.proof import LabProof, ProofOutcome, document
    from kvmlab.author.prove.run import prove
    from kvmlab.report.plain import TextPage
    from kvmlab.report.progress import progress

    if ctx.variant is not None and args.variants:
        raise UsageError(t("Take either --variant or --variants."), "kvmlab prove --variants 3")
    signal.signal(signal.SIGTERM, _interrupt)
    plans = _plans(args, ctx)
    page = None if args.json else TextPage(color=ctx.color())
    began = time.monotonic()
    names = list(dict.fromkeys(plan.lab.id for plan in plans))
    labs = ", ".join(names) if len(names) < 4 else t("{number} labs", number=len(names))
    with progress() as steps:
        telling = ProofDisplay(steps, page, sum(len(plan.cases) for plan in plans), t("proving {labs}", labs=labs))
        proofs: list[LabProof] = prove(
            ctx.course, ctx.state, plans, telling,
            jobs=args.jobs or default_jobs(), keep_going=args.keep_going, resume=args.resume,
        )  # fmt: skip
    seconds = time.monotonic() - began
    if page is None:
        write_json(document(proofs, seconds))
    else:
        print_summary(page, proofs, len(plans), seconds)
    return {ProofOutcome.PROVED: 0, ProofOutcome.REFUTED: 1}.get(ProofOutcome.over(one.outcome for one in proofs), 3)


def _plans(args: argparse.Namespace, ctx: Context) -> list[Plan]:
    """What is to be proved of which lab; UsageError where that is nothing."""
    from kvmlab.author.prove.cases import Draw
    from kvmlab.author.prove.plans import plans_of, random_variants, shuffled
    from kvmlab.author.prove.proof import Proof

    only = Proof.chosen(args.only)
    variants = [ctx.variant] if ctx.variant is not None else random_variants(args.variants)
    draw = Draw(args.mutants, args.shuffle or "")
    plans = plans_of(ctx.course, args.labs, variants, only, draw, args.fault, by_name=not args.own)
    plans = [plan for plan in plans if plan.cases]
    for plan in plans:
        say_whether_a_name_was_meant(ctx, plan.lab)
    if args.shuffle is not None:
        plans = shuffled(plans, args.shuffle)
    if not plans:
        raise UsageError(
            t("There is nothing to prove: no lab with a checker, a solution, such a fault."), "kvmlab lint"
        )
    return plans


def default_jobs() -> int:
    """Guests are idle most of the time, and a lab host takes about 250 MB with its guest: two a core, within memory."""
    from kvmlab.labhost.computer.free_memory import available_mib

    return max(1, min(2 * len(os.sched_getaffinity(0)), available_mib() // 400))


def _interrupt(_signal: int, _frame: object) -> None:
    """`kill` ends it as Ctrl-C does: with everything removed."""
    raise KeyboardInterrupt
