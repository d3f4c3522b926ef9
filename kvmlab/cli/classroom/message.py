"""kvmlab class message: a word to students."""

from __future__ import annotations

import argparse

from kvmlab.classroom.folder import open_class
from kvmlab.classroom.messages import put
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.report.plain import TextPage
from kvmlab.words import t


def message(args: argparse.Namespace, ctx: Context) -> int:
    """Show it on the terminals of all that are meant; a row for each, with whether they have one."""
    text = t("From your teacher: {text}", text=" ".join(args.words))
    with open_class(args.folder) as found:
        students = chosen(found, args)
        rows = Rows(TextPage(color=ctx.color()), students)
        for one in students:
            count = put(found.state_root(one, ctx.state), text)
            said = t("shown on {count} terminals", count=count) if count else t("is at no terminal")
            rows.put(one, said, 0 if count else None)
    return 0
