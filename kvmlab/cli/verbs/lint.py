"""kvmlab lint [LAB…]: hold text, checker, solutions and languages of labs together, without starting anything."""

from __future__ import annotations

import argparse

from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """Labs, and how to report."""
    parser.add_argument("labs", metavar="LAB", nargs="*", help=t("only these labs; else all"))
    parser.add_argument("--strict", action="store_true", help=t("warnings count as errors"))
    parser.add_argument("--commands", action="store_true", help=t("which labs exercise which commands, instead"))
    parser.add_argument("--claims", action="store_true", help=t("sentences beside their checks, instead"))
    parser.add_argument("--faults", action="store_true", help=t("how many faults each lab has, by level, instead"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 clean, 1 errors found (with --strict: anything found)."""
    if args.commands:
        return _commands(args, ctx)
    if args.claims:
        return _claims(args, ctx)
    if args.faults:
        return _faults(args, ctx)
    from kvmlab.author.lint import Severity, faults_json, lint
    from kvmlab.safe_text import clean

    faults = lint(ctx.course, args.labs)
    counts = {one: sum(fault.severity is one for fault in faults) for one in Severity}
    if args.json:
        write_json(faults_json(faults))
    else:
        for fault in faults:
            print(clean(fault.text()))
        print(t("{errors} errors, {warnings} warnings.", errors=counts[Severity.ERROR],
                warnings=counts[Severity.WARNING]))  # fmt: skip
    return 1 if counts[Severity.ERROR] or (args.strict and faults) else 0


def _claims(args: argparse.Namespace, ctx: Context) -> int:
    """Each sentence that states a condition, the checks tied to it, and the facts they read; 1 where one has none."""
    from kvmlab.author.lint import beside
    from kvmlab.report.plain import TextPage

    labs = [ctx.course.entry(lab).id for lab in args.labs] or ctx.course.ids
    rows = {lab: beside(ctx.course, lab) for lab in labs}
    alone = sum(not row.checks for found in rows.values() for row in found)
    if args.json:
        listed = [
            {"lab": lab, "task": row.task, "line": row.claim.place.line, "sentence": row.claim.sentence,
             "checks": [{"id": check.id, "sentence": check.sentence, "facts": facts} for check, facts in row.checks]}
            for lab, found in rows.items() for row in found
        ]  # fmt: skip
        return write_json({"schema": "kvmlab.claims/1", "alone": alone, "claims": listed}, 1 if alone else 0)
    page = TextPage(color=ctx.color())
    for lab, found in rows.items():
        for row in found:
            page.line(page.paint(f"{lab} {row.task}:{row.claim.place.line}", "cyan"))
            page.prose(row.claim.sentence, indent=2)
            for check, facts in row.checks:
                page.prose(f"{check.id}: {check.sentence}", indent=4)
                page.prose("; ".join(facts), indent=6)
            if not row.checks:
                page.lines([page.paint(t("no check"), "red")], indent=4)
    total = sum(map(len, rows.values()))
    page.line(t("{claims} sentences state a condition, {alone} of them beside no check.", claims=total, alone=alone))
    return 1 if alone else 0


def _commands(args: argparse.Namespace, ctx: Context) -> int:
    """The table of course.md's commands and the labs that use them; 1 where one is used by none."""
    from kvmlab.author.lint import exercised
    from kvmlab.report.plain import TextPage, cells, fit, wrapped

    rows = exercised(ctx.course, args.labs)
    unused = sum(not one.labs for one in rows)
    if args.json:
        listed = [{"commands": one.commands, "labs": one.labs} for one in rows]
        document = {"schema": "kvmlab.commands/1", "unused": unused, "commands": listed}
        return write_json(document, 1 if unused else 0)
    page = TextPage(color=ctx.color())
    names = [" | ".join(one.commands) for one in rows]
    widest = min(max(map(cells, names), default=0), page.width // 2)
    for name, one in zip(names, rows, strict=True):
        labs = wrapped(" ".join(one.labs), max(20, page.width - widest - 2)) or [""]
        first = labs[0] if one.labs else page.paint(t("by no lab"), "red")
        page.line(f"{page.paint(fit(name, widest), 'cyan')}  {first}")
        page.lines(labs[1:], indent=widest + 2)
    page.line(t("{commands} commands, {unused} used by no lab.", commands=len(rows), unused=unused))
    return 1 if unused else 0


def _faults(args: argparse.Namespace, ctx: Context) -> int:
    """The written faults of each lab by level, and the general ones that were seen to show on its lab host."""
    from kvmlab.course.fault.model import LEVELS
    from kvmlab.repair.general_kinds import serves
    from kvmlab.repair.shown import kept_in, shown_in
    from kvmlab.report.plain import TextPage, cells, fit

    files = ctx.course.faults()
    labs = [ctx.course.entry(lab).id for lab in args.labs] or ctx.course.ids
    shown = shown_in(ctx.course, labs)
    written = {lab: [sum(lab in one.labs and one.level == level for one in files) for level in LEVELS] for lab in labs}
    general = {lab: [[*shown.get(lab, {}).values()].count(level) for level in LEVELS] for lab in labs}
    untried = {lab for lab in labs if lab not in shown and serves(ctx.course.lab(lab))}
    changed = untried & {*kept_in(ctx.course.root)}
    if args.json:
        listed = [{"lab": lab, "written": written[lab], "general": None if lab in untried else general[lab]}
                  for lab in labs]  # fmt: skip
        return write_json({"schema": "kvmlab.faults/1", "labs": listed})
    page, widest = TextPage(color=ctx.color()), max(map(cells, labs), default=0)
    page.line(page.paint(fit("", widest) + "  " + t("written, levels 1 to 3; general, levels 1 to 3"), "dim"))
    for lab in labs:
        numbers = "   ".join("".join(f"{number or '-':>4}" for number in one[lab]) for one in (written, general))
        said = t("tried before the lab was changed") if lab in changed else t("general ones untried")
        page.line(f"{page.paint(fit(lab, widest), 'cyan')}{numbers}   {said if lab in untried else ''}".rstrip())
    places, seen = (sum(map(sum, one.values())) for one in (written, general))
    page.line(t("{files} written faults in {places} places, {seen} general ones that were seen to show: {all} in all.",
                files=len(files), places=places, seen=seen, all=places + seen))  # fmt: skip
    return 0
