"""kvmlab class report, regrade, forget."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.classroom.folder import Class, open_class
from kvmlab.classroom.results import Results, results_of, shown
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.export import write
from kvmlab.cli.classroom.locks import nobody_acts
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.errors import UsageError
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.classroom.regrade import RegradeChange


def report(args: argparse.Namespace, ctx: Context) -> int:
    """Each one's marks by class.toml; with --html as a page, with what they rest on."""
    with open_class(args.folder) as found:
        results = results_of(found, ctx.course, chosen(found, args))
        if args.html:
            return _pages(args.html, found, results)
    rows = Rows(TextPage(color=ctx.color()), list(results.students))
    for one in results.students:
        rows.put(one, _marks(results, one.id) + "  " + t("total {points}/{most}", **_total(results, one)))
    return 0


def _pages(path: Path, found: Class, results: Results) -> int:
    """One page of the class; into a directory that one, and one for each student to be given to them alone."""
    from kvmlab.classroom.page import Pages
    from kvmlab.course.progress import now

    pages = Pages(found.folder.name, results, found.book, now())
    if not path.is_dir():
        write(path, pages.of_class())
        print(t("{path} is written.", path=path), file=sys.stderr)
        return 0
    write(path / "index.html", pages.of_class())
    own = path / "students"
    own.mkdir(mode=0o700, exist_ok=True)
    for one in results.students:
        write(own / f"{one.id}.html", pages.of_student(one))
    print(t("{path} and {count} pages in {folder} are written.", path=path / "index.html", folder=own,
            count=len(results.students)), file=sys.stderr)  # fmt: skip
    return 0


def _total(results: Results, one: Student) -> dict[str, str]:
    points, most = results.total(one)
    return {"points": shown(points), "most": shown(most)}


def _marks(results: Results, student: str) -> str:
    parts = []
    for lab, mark in results.marks[student].items():
        points = t("no grade") if mark.points is None else f"{shown(mark.points)}/{shown(mark.max_points)}"
        parts.append(f"{lab} {points}" + (f" ({mark.why})" if mark.why else ""))
    return ", ".join(parts) or t("no attempts yet")


def regrade(args: argparse.Namespace, ctx: Context) -> int:
    """What the checker as it is now makes of the attempts there are; with --keep that counts from now on."""
    from kvmlab.classroom.regrade import changed
    from kvmlab.classroom.regrade import regrade as graded_again
    from kvmlab.course.version import lab_version

    lab = ctx.course.entry(args.words[0]).id
    if args.keep and not args.why:
        message = t("--keep needs --why: who asks later is told it.")
        raise UsageError(message, f"kvmlab class regrade {lab} --keep --why TEXT")
    with open_class(args.folder) as found:
        students = chosen(found, args)
        changes = list(graded_again(found.book, ctx.course, lab, ctx.lang, [one.id for one in students]))
        others = changed(changes)
        page = TextPage(color=ctx.color())
        _show(page, others)
        values = {"all": len(changes), "changed": len(others)}
        page.line(t("{all} attempts graded again, {changed} come out differently.", **values))
        if args.keep and changes:
            version = lab_version(ctx.course, lab)
            run = found.book.keep_regrade(lab, version, args.why, [one.after for one in changes])
            page.line(t("Kept as run {run}; what was before it stays beside it.", run=run))
        elif others:
            page.line(t("Nothing was kept."))
            page.commands([(f"kvmlab class regrade {lab} --keep --why TEXT", t("keep it"))])
    return 0


def _show(page: TextPage, changes: Sequence[RegradeChange]) -> None:
    for one in changes:
        head = t("{student}, attempt {number}: {before} → {after}", student=one.attempt.student,
                 number=one.attempt.number, before=_points(one, "before"), after=_points(one, "after"))  # fmt: skip
        page.line(page.paint(page.title(head, page.width).rstrip(), "bold"))
        for line in one.lines:
            page.line("    " + page.title(line, page.width - 4).rstrip())


def _points(one: RegradeChange, which: str) -> str:
    grading = one.before if which == "before" else one.after
    points = "?" if grading.unseen else grading.points
    return f"{points}/{grading.max_points}"


def forget(args: argparse.Namespace, ctx: Context) -> int:
    """Remove one person everywhere, and list what that was."""
    from kvmlab.classroom.forget import forget as removed
    from kvmlab.classroom.forget import would_forget

    with open_class(args.folder) as found:
        there = {one.id: one for one in (*found.book.students(), *found.book.students(left=True))}
        student = there.get(args.words[0])
        if student is None:
            raise UsageError(t("There is no student `{id}`.", id=args.words[0][:80]), "kvmlab class status")
        page = TextPage(color=ctx.color())
        if args.dry_run:
            for what in would_forget(found, student, ctx.state):
                page.line(t("would be removed: {what}", what=what))
            return 0
        with nobody_acts(found, ctx):
            for what in removed(found, student, ctx.state):
                page.line(t("removed: {what}", what=what))
        page.line(
            t("Nothing of {id} is left in the class. Files that were exported are yours to remove.", id=student.id)
        )
    return 0
