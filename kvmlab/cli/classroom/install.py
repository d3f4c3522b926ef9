"""kvmlab class install: kvmlab brought to the computers of an inventory."""

from __future__ import annotations

import argparse

from kvmlab.classroom.children import Children, each
from kvmlab.classroom.machines.installing import DEADLINE_S, WIDTH, Installing, Parcel
from kvmlab.classroom.machines.inventory import read_inventory
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.context import Context
from kvmlab.errors import UsageError
from kvmlab.report.plain import TextPage
from kvmlab.report.progress import progress
from kvmlab.words import t


def install(args: argparse.Namespace, ctx: Context) -> int:
    """A row for each computer; 3 where one of them has not got it."""
    if not args.inventory or not args.bundle:
        said = t("--inventory says which computers, and --bundle what they get.")
        raise UsageError(said, "kvmlab class install --inventory FILE --bundle FILE")
    machines = read_inventory(args.inventory)
    with progress() as steps:
        parcel = Parcel.of(args.bundle, steps)
    children = Children(ctx.course_dir)
    installing = Installing(parcel, children, args.deadline or DEADLINE_S)
    rows, worst = Rows(TextPage(color=ctx.color()), [Student(name) for name in machines]), 0
    work = installing.look if args.dry_run else installing.install
    for machine, outcome in each(machines.values(), work, children, WIDTH):
        rows.put(Student(machine.name), outcome.said, None if args.dry_run and not outcome.status else outcome.status)
        worst = max(worst, outcome.status)
    return worst
