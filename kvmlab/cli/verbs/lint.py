"""kvmlab lint [LAB…]: hold text, checker, solutions and languages of labs together, without starting anything."""

from __future__ import annotations

import argparse
import json
import sys

from kvmlab.cli.context import Context
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """Labs, and how to report."""
    parser.add_argument("labs", metavar="LAB", nargs="*", help=t("only these labs; else all"))
    parser.add_argument("--strict", action="store_true", help=t("warnings count as errors"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 clean, 1 errors found (with --strict: anything found)."""
    from kvmlab.author.lint import Severity, faults_json, lint

    faults = lint(ctx.course, args.labs)
    counts = {one: sum(fault.severity is one for fault in faults) for one in Severity}
    if args.json:
        json.dump(faults_json(faults), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        for fault in faults:
            print(fault.text())
        print(t("{errors} errors, {warnings} warnings.", errors=counts[Severity.ERROR],
                warnings=counts[Severity.WARNING]))  # fmt: skip
    return 1 if counts[Severity.ERROR] or (args.strict and faults) else 0
