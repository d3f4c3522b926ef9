"""kvmlab class export: the marks for another program."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from kvmlab.classroom.folder import Class, open_class
from kvmlab.classroom.results import Results, gradable, results_of
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.errors import UsageError
from kvmlab.paths import is_no_file, write_atomic
from kvmlab.words import t

FORMATS = ("csv", "xlsx", "json", "junit", "moodle", "worksheet", "canvas")
FILLED = ("worksheet", "canvas")


def export(args: argparse.Namespace, ctx: Context) -> int:
    """The marks in a format of another program, into a file or to standard output."""
    kind = args.words[0]
    _must_be_usable(kind, args)
    with open_class(args.folder) as found:
        content, notes = _exported(kind, _results(found, ctx, args), found, ctx, args)
    for note in notes:
        print(note, file=sys.stderr)
    if len(args.words) == 1:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return 0
    write(Path(args.words[1]), content)
    print(t("{path} is written.", path=args.words[1]), file=sys.stderr)
    return 0


def _must_be_usable(kind: str, args: argparse.Namespace) -> None:
    if kind not in FORMATS:
        message = t("There is no format `{name}`; there are {known}.", name=kind[:40], known=", ".join(FORMATS))
        raise UsageError(message, "kvmlab class export csv FILE")
    if args.per and kind != "csv":
        raise UsageError(t("--per is of csv alone."), f"kvmlab class export csv --per {args.per}")
    if kind in FILLED and not args.fill:
        said = t("{kind} fills in a file that you have downloaded: --fill FILE.", kind=kind)
        raise UsageError(said, f"kvmlab class export {kind} --fill FILE --lab LAB OUTPUT")
    if args.fill and kind not in FILLED:
        raise UsageError(t("--fill is of {kinds} alone.", kinds=", ".join(FILLED)), "kvmlab class export --help")


def _results(found: Class, ctx: Context, args: argparse.Namespace) -> Results:
    results = results_of(found, ctx.course, chosen(found, args))
    if not args.lab:
        return results
    labs = {lab if lab in gradable(ctx.course) else ctx.course.entry(lab).id for lab in args.lab}
    if without := sorted(labs - set(results.labs)):
        raise UsageError(t("Nobody has an attempt at {labs}.", labs=", ".join(without)), "kvmlab class report")
    return results._replace(labs=tuple(lab for lab in results.labs if lab in labs))


def _exported(
    kind: str, results: Results, found: Class, ctx: Context, args: argparse.Namespace
) -> tuple[bytes, tuple[str, ...]]:
    """The file's content, and what has to be known of it."""
    from kvmlab.classroom.export import documents, filling, tables, workbook

    if kind == "worksheet":
        return filling.fill_worksheet(args.fill, results, _the_lab(results))
    if kind == "canvas":
        return filling.fill_canvas(args.fill, results, ctx.course)
    if kind == "xlsx":
        return workbook.workbook(results, found.book), ()
    if kind == "csv":
        text = tables.csv_per(args.per or "lab", results, found.book)
    elif kind == "moodle":
        text = tables.moodle(results, ctx.course, ctx.lang)
    else:
        text = (documents.json_of if kind == "json" else documents.junit_of)(results, found.book)
    return text.encode(), ()


def _the_lab(results: Results) -> str:
    if len(results.labs) == 1:
        return results.labs[0]
    said = t("A worksheet is of one assignment: name its lab with --lab; there are {labs}.",
             labs=", ".join(results.labs) or "-")  # fmt: skip
    raise UsageError(said, "kvmlab class export worksheet --fill FILE --lab LAB OUTPUT")


def write(path: Path, content: str | bytes) -> None:
    """For the instructor's eyes only: it is about people. UsageError where there is something else than a file."""
    if is_no_file(path):
        raise UsageError(t("{path} is not a file.", path=path), shlex.join(["ls", "-ld", str(path)]))
    write_atomic(path, content)
