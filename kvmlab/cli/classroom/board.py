"""kvmlab class board: who is where in their lab, and who is stuck; on a terminal again and again, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.board import Seat, seats
from kvmlab.classroom.children import Children
from kvmlab.classroom.folder import Class, open_class
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.cli.student import state_word
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean
from kvmlab.words import t

EVERY_S = 2.0
_SHARE = 10
"""Reading may take a tenth of the time."""


def board(args: argparse.Namespace, ctx: Context) -> int:
    """The table; nobody is looked at."""
    with open_class(args.folder) as found:
        if args.json:
            listed = [
                {**one._asdict(), "student": one.student.id, "name": one.student.name, "stuck": one.stuck}
                for one in _seats(found, args, ctx)
            ]
            return write_json({"schema": "kvmlab.class-board/1", "seats": listed})
        if not sys.stdout.isatty():
            _show(_seats(found, args, ctx), TextPage(color=ctx.color()))
            return 0
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                began = time.monotonic()
                shown = _seats(found, args, ctx)
                sys.stdout.write("\x1b[H\x1b[2J")
                _show(shown, TextPage(color=ctx.color()))
                time.sleep(max(EVERY_S, _SHARE * (time.monotonic() - began)))
    return 0


def _seats(found: Class, args: argparse.Namespace, ctx: Context) -> list[Seat]:
    actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
    return seats(actions, chosen(found, args))


def _show(listed: list[Seat], page: TextPage) -> None:
    if not listed:
        page.line(t("Nobody has a lab host."))
        return
    head = ("", t("id"), t("name"), t("lab"), t("tasks"), t("points"), t("at"), t("hints"), t("no gain for"))
    rows = [_row(one) for one in listed]
    widths = [min(28, max(cells(clean(cell)) for cell in column)) for column in zip(head, *rows, strict=True)]
    page.line(page.paint("  ".join(map(fit, head, widths)).rstrip(), "bold"))
    for one, row in zip(listed, rows, strict=True):
        line = "  ".join(map(fit, row, widths)).rstrip()
        page.line(page.paint(line, "yellow") if one.stuck else line)
        if one.mistake:
            page.prose(f"→ {' '.join(one.mistake.split())}", indent=4)
    page.stream.flush()


def _row(one: Seat) -> tuple[str, ...]:
    at = one.failing or one.task or t("done")
    if one.state != "running":
        at = state_word(one.state)
    minutes = "?" if one.minutes is None else t("{minutes} min", minutes=one.minutes)
    return ("!" if one.stuck else " ", one.student.id, one.student.name, one.lab, f"{one.passed}/{one.tasks}",
            f"{one.points}/{one.max_points}", at, str(one.hints or ""), minutes)  # fmt: skip
