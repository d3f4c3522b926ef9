"""`kvmlab`: from the words on the command line to an exit status (see design: 0, 1, 2, 3, 130, 70)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from kvmlab import words
from kvmlab.cli.context import Context
from kvmlab.errors import KvmlabError
from kvmlab.words import t

VERBS = {
    "list": "the labs, by chapter, and how far you are",
    "show": "the text of a lab",
    "start": "a lab host with the lab on it",
    "shell": "a shell on the lab host",
    "exec": "one command on the lab host, or in a guest",
    "check": "say for each task what was wanted and what was found",
    "hint": "the next hint for a task",
    "solve": "carry out the lab's solution",
    "reset": "throw the lab host away and start another",
    "finish": "remove the lab host; progress is kept",
    "status": "what runs, and what has been achieved",
    "doctor": "whether this computer can run labs, and what to do if not",
    "image": "build, list, import and remove images",
    "new": "begin a lab (for authors)",
    "lint": "hold text, checker and solution of labs together (for authors)",
    "prove": "prove that a lab can be passed, and cannot be passed wrongly (for authors)",
    "completion": "completion for bash, zsh or fish",
}


class _Parser(argparse.ArgumentParser):
    """argparse, with our errors and in the user's language."""

    def error(self, message: str) -> NoReturn:
        from kvmlab.errors import UsageError

        raise UsageError(t("{message}.", message=message), f"{self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; its exit status. Never a traceback, unless KVMLAB_DEBUG asks for it."""
    words_in = list(sys.argv[1:] if argv is None else argv)
    words.set_language(_language(words_in))
    try:
        return _run(words_in)
    except KvmlabError as error:
        tell(error)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's last flush is silent
        return 141
    except Exception as error:
        return _our_bug(error)


def _run(argv: list[str]) -> int:
    if argv[:1] == ["_complete"]:
        from kvmlab.cli.completion import complete

        return complete(argv[1:])
    verb = _verb_in(argv)
    args = _parser(verb).parse_args(argv)
    ctx = Context(course=args.course, lang=words.language(), variant=args.variant, color=args.color)
    module = _module(verb or "overview")
    return int(module.run(args, ctx))


def _parser(verb: str | None) -> argparse.ArgumentParser:
    """The whole parser in outline, the one verb in full: the others' modules stay unread."""
    parser = _Parser(prog="kvmlab", description=t("A KVM/libvirt course that grades itself."))
    _global_options(parser, default=True)
    from kvmlab import __version__

    parser.add_argument("--version", action="version", version=f"kvmlab {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", parser_class=_Parser, dest="verb")
    for name, line in VERBS.items():
        sub = verbs.add_parser(name, help=t(line), description=t(line))
        if name == verb:
            _global_options(sub, default=False)
            _module(name).arguments(sub)
    return parser


def _global_options(parser: argparse.ArgumentParser, *, default: bool) -> None:
    env = os.environ.get
    options: list[tuple[str, str, dict[str, object]]] = [
        ("course", t("the directory of a course"), {"metavar": "DIR", "default": env("KVMLAB_COURSE")}),
        ("lang", t("the language"), {"choices": ["en", "zh"], "default": env("KVMLAB_LANG")}),
        ("variant", t("draw other names and addresses"), {"metavar": "SEED", "default": env("KVMLAB_VARIANT")}),
        (
            "color",
            t("colour the output"),
            {"choices": ["auto", "always", "never"], "default": env("KVMLAB_COLOR", "auto")},
        ),
    ]
    for name, line, settings in options:
        if not default:
            settings["default"] = argparse.SUPPRESS
        parser.add_argument(f"--{name}", help=line, **settings)  # type: ignore[arg-type]


def _verb_in(argv: Sequence[str]) -> str | None:
    """The first word that is neither a global option nor its value."""
    takes_value = {"--course", "--lang", "--variant", "--color"}
    rest = iter(argv)
    for word in rest:
        if word in takes_value:
            next(rest, None)
        elif not word.startswith("-"):
            return word if word in VERBS or word == "_complete" else None
    return None


def _language(argv: Sequence[str]) -> str:
    """--lang before anything else is said, so that even a wrong option is answered in it."""
    wanted = os.environ.get("KVMLAB_LANG", "")
    for index, word in enumerate(argv):
        if word == "--":
            break
        if word == "--lang" and index + 1 < len(argv):
            wanted = argv[index + 1]
        elif word.startswith("--lang="):
            wanted = word.removeprefix("--lang=")
    return wanted if wanted in (*words.LANGUAGES, words.PSEUDO) else words.from_locale()


def _module(verb: str) -> ModuleType:
    return import_module(f"kvmlab.cli.verbs.{verb}")


def tell(error: KvmlabError) -> None:
    """What happened, then the command to go on with, on standard error."""
    print(f"kvmlab: {error.message}", file=sys.stderr)
    if error.todo:
        print(f"  → {error.todo}", file=sys.stderr)


def _our_bug(error: Exception) -> int:
    if os.environ.get("KVMLAB_DEBUG"):
        raise error
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    where = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}" if last else "?"
    kind = type(error).__name__
    said = t("a bug in kvmlab: {kind}: {error} ({where}).", kind=kind, error=error, where=where)
    print(f"kvmlab: {said}", file=sys.stderr)
    print(f"  → {t('KVMLAB_DEBUG=1 and the same command show more; please report it')}", file=sys.stderr)
    return 70


if __name__ == "__main__":
    raise SystemExit(main())
