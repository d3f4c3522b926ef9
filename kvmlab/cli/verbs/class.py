"""kvmlab class ACTION: what an instructor does with all students at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from kvmlab.cli.context import Context
from kvmlab.cli.parsing import whole
from kvmlab.errors import UsageError
from kvmlab.words import t

_CHOSEN = ("group", "student", "dry_run")
_ACTED = (*_CHOSEN, "inventory", "deadline")


class ClassAction(NamedTuple):
    """One action: the module of kvmlab.cli.classroom that has it, the words it takes (those in [] may be missing, the
    last may be many where it ends in …), and its options."""

    module: str
    words: str
    options: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """How many words it takes."""
        return sys.maxsize if self.words.endswith("…") else len(self.words.split())

    @property
    def least(self) -> int:
        """How many words it needs."""
        return sum(not word.startswith("[") for word in self.words.split())


ACTIONS = {
    "create": ClassAction("roster", "NAME", ("roster",)),
    "roster": ClassAction("roster", "FILE", ("accept",)),
    "start": ClassAction("students", "LAB", _ACTED),
    "check": ClassAction("students", "LAB", _ACTED),
    "reset": ClassAction("students", "[LAB]", _ACTED),
    "finish": ClassAction("students", "[LAB]", _ACTED),
    "repair": ClassAction("repairs", "LAB", (*_CHOSEN, "level", "seed", "each")),
    "place": ClassAction("placing", "", (*_ACTED, "anew", "here")),
    "exam": ClassAction("exam", "[begin|end] [LAB]", (*_CHOSEN, "minutes", "json")),
    "status": ClassAction("status", "", ("group", "student", "json")),
    "board": ClassAction("board", "", ("group", "student", "json")),
    "enter": ClassAction("students", "STUDENT"),
    "codes": ClassAction("door", "", ("group", "student", "new", "key", "port", "server", "page")),
    "open": ClassAction("door", "", ("port", "listen", "page", "server", "proxy")),
    "message": ClassAction("message", "TEXT…", ("group", "student")),
    "report": ClassAction("grades", "", ("group", "student", "html")),
    "export": ClassAction("export", "FORMAT [FILE]", ("group", "student", "lab", "per", "fill")),
    "install": ClassAction("install", "", ("inventory", "bundle", "deadline", "dry_run")),
    "regrade": ClassAction("grades", "LAB", ("group", "student", "keep", "why")),
    "verify": ClassAction("receipts", "FILE…", ("json",)),
    "doctor": ClassAction("doctor", "LAB", ("group", "student", "json")),
    "forget": ClassAction("grades", "STUDENT", ("dry_run",)),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with what, for whom."""
    parser.add_argument("action", choices=list(ACTIONS), help=t("what to do"))
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help=t(
            "NAME of create, FILE of roster and verify, FORMAT of export, STUDENT of enter and forget, LAB of others"
        ),
    )
    parser.add_argument(
        "--class", dest="folder", metavar="DIR", help=t("the class's folder; without it, where you are")
    )
    parser.add_argument("--roster", type=Path, metavar="FILE", help=t("of create: the students, a CSV file"))
    parser.add_argument("--accept", action="store_true", help=t("of roster: take it, not only show what it changes"))
    parser.add_argument("--group", action="append", metavar="GROUP", help=t("only this group; may be given again"))
    parser.add_argument("--student", action="append", metavar="ID", help=t("only this student; may be given again"))
    parser.add_argument(
        "--dry-run", action="store_true", help=t("say what would be done and thrown away, and do nothing")
    )
    _of_single_actions(parser)
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def _of_single_actions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--inventory", type=Path, metavar="FILE",
        help=t("students' own computers: an Ansible inventory; the roster's `host` names each one's"),
    )  # fmt: skip
    parser.add_argument(
        "--anew", action="append", metavar="SERVER",
        help=t("of place: its students on others; may be given again"),
    )  # fmt: skip
    parser.add_argument("--here", action="store_true", help=t("of place: on this computer, and no server"))
    parser.add_argument("--bundle", type=Path, metavar="FILE", help=t("of install: what `kvmlab bundle make` has made"))
    parser.add_argument(
        "--deadline", type=whole(1, 86_400), metavar="SECONDS",
        help=t("of --inventory: how long a computer has; without it, minutes"),
    )  # fmt: skip
    parser.add_argument(
        "--html", type=Path, metavar="FILE",
        help=t("of report: a page, with what the marks rest on; DIR: one for each student besides"),
    )  # fmt: skip
    parser.add_argument("--per", choices=["lab", "task", "check"], help=t("of export csv: a row for each of these"))
    parser.add_argument("--lab", action="append", metavar="LAB", help=t("of export: only this lab; may be given again"))
    parser.add_argument(
        "--fill", type=Path, metavar="FILE",
        help=t("of export worksheet, canvas: the file that Moodle or Canvas gave, which is not changed"),
    )  # fmt: skip
    parser.add_argument("--minutes", type=whole(1, 1000), metavar="N", help=t("of exam begin: its time"))
    parser.add_argument("--level", type=whole(1, 3), metavar="N", help=t("of repair: faults of this level alone"))
    parser.add_argument("--seed", metavar="S", help=t("of repair: the same fault for all, which this seed draws"))
    parser.add_argument(
        "--each", action="store_true", help=t("of repair: each their own, as without --seed; another seed, others")
    )
    parser.add_argument("--keep", action="store_true", help=t("of regrade: it counts from now on"))
    parser.add_argument("--why", metavar="TEXT", help=t("of regrade --keep: the reason"))
    parser.add_argument("--new", action="store_true", help=t("of codes: others for those, too, who have some"))
    parser.add_argument("--key", type=Path, metavar="FILE", help=t("of codes: let a student's public key in"))
    parser.add_argument("--server", metavar="NAME", help=t("of codes, open: the server's name, for slips and browsers"))
    parser.add_argument("--port", type=whole(0, 65535), metavar="N", help=t("of codes, open: the port, 2222"))
    parser.add_argument("--listen", metavar="ADDRESS", help=t("of open: at this address only"))
    _of_open(parser)


def _of_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--page", nargs="?", const=8443, type=whole(0, 65535), metavar="N",
        help=t("of open: students come in by browser, too; of codes: slips say where; the port, 8443"),
    )  # fmt: skip
    parser.add_argument(
        "--proxy", metavar="URL", help=t("of open --page: behind a proxy, which browsers reach as https://NAME")
    )


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Do it."""
    action = ACTIONS[args.action]
    if not action.least <= len(args.words) <= action.most:
        usage = f"kvmlab class {args.action} {action.words}".rstrip()
        raise UsageError(t("Not the words that it takes: {usage}", usage=usage), f"kvmlab class {args.action} --help")
    if args.command and args.action != "enter":
        raise UsageError(t("Only `enter` takes a command after --."), "kvmlab class enter STUDENT -- status")
    own = {*action.options, "folder", "action", "words", "course", "lang", "variant", "color", "command"}
    for name, value in vars(args).items():
        if value and name not in own:
            option = f"--{name.replace('_', '-')}"
            message = t("{option} is no option of `kvmlab class {action}`.", option=option, action=args.action)
            raise UsageError(message, f"kvmlab class {args.action} {action.words}".rstrip())
    work: Callable[[argparse.Namespace, Context], int]
    work = getattr(import_module(f"kvmlab.cli.classroom.{action.module}"), args.action)
    return work(args, ctx)
