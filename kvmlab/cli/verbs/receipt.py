"""kvmlab receipt: what somebody who learns alone has reached, signed; `receipt verify` takes or refuses them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.cli.context import Context
from kvmlab.cli.output import write_file, write_json
from kvmlab.errors import CannotRun, UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.receipts.judging import Judged


def arguments(parser: argparse.ArgumentParser) -> None:
    """Labs to make one of; or `verify` and files."""
    parser.add_argument("words", metavar="LAB", nargs="*", help=t("these labs, else all that were checked; or: verify"))
    parser.add_argument("--student", metavar="ID", help=t("whose it is, as the teacher's list has it"))
    parser.add_argument("--out", metavar="FILE", type=Path, help=t("where to write it"))
    variants = t("of verify: lines with a student's id and variant, apart by a tab")
    parser.add_argument("--variants", metavar="FILE", type=Path, help=variants)
    parser.add_argument("--json", action="store_true", help=t("of verify: one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Make one, or verify many: 0 all are taken, 1 not all."""
    if args.words[:1] == ["verify"]:
        return _verify(args, ctx)
    if args.variants or args.json:
        raise UsageError(t("--variants and --json are of `kvmlab receipt verify`."), "kvmlab receipt --help")
    if not args.student or not args.out:
        message = t("A receipt needs to know whose it is, and a file to write.")
        raise UsageError(message, "kvmlab receipt --student ID --out FILE")
    return _make(args, ctx)


def _make(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab import __version__
    from kvmlab.course.progress import now
    from kvmlab.receipts.document import signed
    from kvmlab.receipts.reading import STUDENT

    if not STUDENT.fullmatch(args.student):
        raise UsageError(t("That cannot be a student's id: one line of letters and digits, at most 64."), "")
    labs = _evidence(args.words, ctx)
    values = {"student": args.student, "course": ctx.course.tag, "made": now(), "kvmlab": __version__}
    write_file(args.out, signed(ctx.state, {**values, "labs": labs}))
    points = sum(one["report"]["points"] for one in labs)
    print(t("{file} is a receipt for {student}: {count} labs, {points} points.",
            file=args.out, student=args.student, count=len(labs), points=points))  # fmt: skip
    print(what_it_is_not())
    return 0


def _evidence(words: list[str], ctx: Context) -> list[dict[str, Any]]:
    """What was kept of the labs named, else of all there are; CannotRun where there is nothing of one."""
    from kvmlab.receipts.evidence import kept

    wanted = [ctx.course.entry(word).id for word in dict.fromkeys(words)]
    found = {lab: kept(ctx.state, ctx.course.tag, lab) for lab in wanted or ctx.course.ids}
    for lab in wanted:
        if found[lab] is None:
            message = t("Nothing is kept of {lab}: check all of its tasks, in a run without `kvmlab solve`.", lab=lab)
            raise CannotRun(message, f"kvmlab check {lab}")
    if not any(found.values()):
        raise CannotRun(t("No lab has been checked yet."), "kvmlab list")
    return [one for one in found.values() if one is not None]


def what_it_is_not() -> str:
    """What no receipt proves."""
    return t(
        "It shows what kvmlab read on the learner's computer, and that nothing was changed since. It proves neither "
        "who did the work nor that it was done: whoever is root there can have kvmlab say anything."
    )


def _verify(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.receipts.judging import judge

    files = [Path(word) for word in args.words[1:]]
    if not files or args.student or args.out:
        raise UsageError(t("Verify wants files of receipts, and no --student or --out."), "kvmlab receipt verify FILE…")
    found = judge(files, ctx.course, _variants(args.variants) if args.variants else None)
    return show(found, as_json=args.json)


def show(found: list[Judged], *, as_json: bool) -> int:
    """A line for each file, and how many are taken; 0 where all are."""
    taken = sum(one.taken for one in found)
    if as_json:
        rows = [{"file": str(one.file), "student": one.student, "taken": one.taken, "against": one.against,
                 "points": {lab: list(points) for lab, points in one.points.items()}} for one in found]  # fmt: skip
        document = {"schema": "kvmlab.receipts/1", "receipts": rows, "note": what_it_is_not()}
        return write_json(document, 0 if taken == len(found) else 1)
    from kvmlab.safe_text import clean

    for one in found:
        print(clean(_line(one)))
        for said in one.against:
            print(clean(f"    {said}"))
    print(t("{taken} of {all} are taken.", taken=taken, all=len(found)), what_it_is_not())
    return 0 if taken == len(found) else 1


def _line(one: Judged) -> str:
    if not one.taken:
        return f"✗ {one.file.name}  {one.student}".rstrip()
    points, most = (sum(column) for column in zip(*one.points.values(), strict=True))
    return f"✓ {one.file.name}  {one.student}  {points}/{most}"


def _variants(file: Path) -> dict[str, str]:
    """Lines with id and variant; UsageError with the number of one that is none."""
    from kvmlab.course.names import VARIANT

    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(t("{file} cannot be read: {said}", file=file, said=error), f"file {file}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        student, _, variant = line.strip().partition("\t")
        if line.strip() and (not VARIANT.fullmatch(variant) or student in found):
            message = t("{file}:{line}: not a student's id, a tab and a variant.", file=file, line=number)
            raise UsageError(message, f"cat -A {file}")
        if student:
            found[student] = variant
    return found
