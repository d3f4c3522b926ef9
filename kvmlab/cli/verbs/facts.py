"""`kvmlab facts [NOUN]`: what a checker can ask: nouns, their facts, the command that shows each (for authors)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from kvmlab.cli.output import write_json
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import MOST_TEXT, TextPage, terminal_width
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.author.nouns import Noun
    from kvmlab.cli.context import Context
    from kvmlab.errors import UsageError


def arguments(parser: ArgumentParser) -> None:
    """NOUN, and how it is printed."""
    parser.add_argument("noun", nargs="?", metavar="NOUN", help=t("a noun, like `link` or `guest.file`; none: all"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))
    parser.add_argument("--no-pager", action="store_true", help=t("print it and be done"))


def run(args: Namespace, ctx: Context) -> int:
    """Print the list of nouns, or all about one."""
    from kvmlab.author.nouns import names, nouns
    from kvmlab.cli.pager import Unprinted, put_out

    if args.noun is not None and args.noun not in names():
        raise _unknown(args.noun)
    chosen = [nouns()[names()[args.noun]]] if args.noun else list(nouns().values())
    if args.json:
        return write_json({"schema": "kvmlab.facts/1", "nouns": [_document(noun) for noun in chosen]})
    text = Unprinted()
    page = TextPage(color=ctx.color(), width=terminal_width(), stream=text)
    if args.noun:
        _print_noun(page, chosen[0])
    else:
        _print_list(page, chosen)
    put_out(text.getvalue(), paged=sys.stdout.isatty() and not args.no_pager)
    return 0


def _unknown(name: str) -> UsageError:
    from kvmlab.author.nouns import names, nouns_with
    from kvmlab.errors import UsageError
    from kvmlab.nearest import nearest
    from kvmlab.safe_text import shown

    if found := nouns_with(name):
        message = t("`{name}` is a fact of {nouns}.", name=name, nouns=t(", ").join(found))
        return UsageError(message, f"kvmlab facts {found[0]}")
    if meant := nearest(name, names()):
        message = t("No noun is called `{name}`. Did you mean `{meant}`?", name=shown(name), meant=meant)
        return UsageError(message, f"kvmlab facts {meant}")
    return UsageError(t("No noun is called `{name}`.", name=shown(name)), "kvmlab facts")


def _print_list(page: TextPage, found: list[Noun]) -> None:
    widest = max(cells(noun.path) for noun in found)
    for noun in found:
        name = page.paint(fit(noun.path, widest), "cyan")
        page.line(f"{name}  {page.title(t(noun.about), min(page.width, MOST_TEXT) - widest - 2)}")
    page.line()
    page.commands([("kvmlab facts NOUN", t("its facts, and the commands that show them"))])


def _print_noun(page: TextPage, noun: Noun) -> None:
    for call in noun.calls:
        page.line(page.paint(call, "bold cyan"))
    page.prose(t(noun.about))
    widest = max(cells(fact.name) for fact in noun.facts)
    for fact in noun.facts:
        page.line()
        mark = f"  {t('(about the next start)')}" if fact.next_start else ""
        page.line(f"{page.paint(fit(fact.name, widest), 'bold')}  {fact.type}{mark}")
        page.prose(t(fact.meaning), indent=widest + 2)
        page.line(" " * (widest + 2) + page.paint(fact.command, "cyan"))
    page.line()
    page.prose(t("Wanted by `.shows(FACT=VALUE)`; `.missing()` wants that there is none."), indent=0)


def _document(noun: Noun) -> dict[str, object]:
    return {**noun._asdict(), "calls": list(noun.calls), "facts": [fact._asdict() for fact in noun.facts]}
