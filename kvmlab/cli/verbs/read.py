"""`kvmlab read [CHAPTER]`: the course's book in the terminal, through a pager where there is one."""

from __future__ import annotations

import argparse
import io
import sys
from typing import TYPE_CHECKING

from kvmlab.cli.pager import put_out
from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course import Chapter
    from kvmlab.course.book import Book


def arguments(parser: argparse.ArgumentParser) -> None:
    """CHAPTER, and whether to page."""
    parser.add_argument("chapter", nargs="?", metavar="CHAPTER", help=t("a chapter; none: the whole book"))
    parser.add_argument("--no-pager", action="store_true", help=t("print it and be done"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Show it."""
    from kvmlab.course.book import read_book
    from kvmlab.report.plain import terminal_width
    from kvmlab.report.show import console_for, show_text

    book = read_book(ctx.course.root, ctx.lang)
    text = _text(book, ctx, args.chapter)
    printed = io.StringIO()
    show_text(console_for(color=ctx.color(), width=terminal_width(), stream=printed), text)
    put_out(printed.getvalue(), paged=sys.stdout.isatty() and not args.no_pager)
    return 0


def _text(book: Book, ctx: Context, wanted: str | None) -> str:
    """The Markdown of a chapter, or of all."""
    if wanted is None:
        chapters = [f"## {one.title}\n\n{one.text}" for one in book.chapters]
        return "\n\n".join([f"# {ctx.course.title(ctx.lang)}", book.intro, *chapters])
    chapter = _chapter(ctx, wanted)
    found = book.chapter(chapter.title(book.lang))
    if found is None:
        raise UsageError(t("The book has nothing about `{name}` yet.", name=chapter.id), "kvmlab read")
    return f"## {found.title}\n\n{found.text}"


def _chapter(ctx: Context, wanted: str) -> Chapter:
    """The chapter of the catalogue. Unknown: UsageError naming those there are."""
    from kvmlab.nearest import nearest
    from kvmlab.safe_text import shown

    known = {one.id: one for one in ctx.course.chapters}
    if wanted in known:
        return known[wanted]
    meant = nearest(wanted, known)
    message = t("No chapter is called `{name}`; there are: {names}.", name=shown(wanted), names=", ".join(known))
    raise UsageError(message, f"kvmlab read {meant}" if meant else "kvmlab list")
