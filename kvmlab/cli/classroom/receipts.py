"""kvmlab class verify: receipts of those who have learnt alone, held against the class's own variants."""

from __future__ import annotations

import argparse
from pathlib import Path

from kvmlab.cli.context import Context


def verify(args: argparse.Namespace, ctx: Context) -> int:
    """A line for each file; 0 where all are taken."""
    from kvmlab.classroom.folder import open_class
    from kvmlab.cli.verbs.receipt import show
    from kvmlab.receipts.judging import judge

    with open_class(args.folder) as found:
        variants = {student.id: found.seed(student) for student in found.book.students()}
    return show(judge([Path(word) for word in args.words], ctx.course, variants), as_json=args.json)
