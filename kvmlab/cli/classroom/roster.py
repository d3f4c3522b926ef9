"""kvmlab class create, roster."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from kvmlab.cli.context import Context
from kvmlab.errors import UsageError
from kvmlab.report.plain import TextPage
from kvmlab.words import t


def create(args: argparse.Namespace, ctx: Context) -> int:
    """A class's folder with the students of a roster."""
    from kvmlab.classroom.folder import create_class
    from kvmlab.classroom.roster.file import read_roster

    if args.roster is None:
        raise UsageError(t("--roster FILE says who is in the class."), "kvmlab class create NAME --roster FILE")
    folder = Path(args.words[0]).absolute()
    students = read_roster(args.roster)
    create_class(folder, students)
    page, quoted = TextPage(color=ctx.color()), shlex.quote(str(folder))
    page.line(t("{path} is a class of {count} students.", path=folder, count=len(students)))
    page.commands(
        [
            (f"cd {quoted}", t("its folder, where the other commands find it")),
            ("kvmlab class start LAB", t("a lab host for each student")),
            ("kvmlab class status", t("how far each one is")),
        ]
    )
    return 0


def roster(args: argparse.Namespace, ctx: Context) -> int:
    """What another roster changes, and with --accept those changes made."""
    from kvmlab.classroom.folder import open_class
    from kvmlab.classroom.roster.difference import difference
    from kvmlab.classroom.roster.file import read_roster
    from kvmlab.cli.classroom.students import left_behind

    page, file = TextPage(color=ctx.color()), Path(args.words[0])
    with open_class(args.folder) as found:
        students = read_roster(file)
        changes = difference(found.book.students(), students)
        for line in changes.lines():
            page.line(page.title(line, page.width).rstrip())
        if not changes:
            page.line(t("The class is as this roster says."))
        if args.accept:  # also where nothing has changed but the order
            found.book.take_roster(students, changes)
            page.line(t("Taken: {count} students. What those have who are gone is kept.", count=len(students)))
            gone = [one for one in left_behind(found, ctx) if one in changes.gone]
            still = t("they have a lab host still")
            page.commands([(f"kvmlab class finish --student {one.id}", still) for one in gone])
        elif changes:
            page.line(t("Nothing was changed yet."))
            page.commands([(f"kvmlab class roster {shlex.quote(str(file))} --accept", t("take it"))])
    return 0
