"""`kvmlab`: from the words on the command line to an exit status (0, 1, 2, 3, 130, 70: docs/using.md)."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from kvmlab import words
from kvmlab.cli.context import Context
from kvmlab.cli.parsing import Parser, global_options
from kvmlab.cli.verbs import VERBS
from kvmlab.errors import CannotRun, KvmlabError
from kvmlab.process import PARENT, end_with
from kvmlab.words import t


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; its exit status. Never a traceback, unless KVMLAB_DEBUG asks for it.

    Without `argv` this is the whole process, and ends it.
    """
    if argv is not None:
        return _status(list(argv))
    try:
        _mend_streams()
        if (parent := os.environ.pop(PARENT, "")) and not end_with(int(parent)):
            _leave(130)
        status = _status(sys.argv[1:])
    except SystemExit as end:  # argparse has printed its help
        status = end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:  # another one, while something was being told
        status = 130
    return _leave(status)


def _mend_streams() -> None:
    """A standard stream that was closed (`>&-`) is /dev/null; what the locale cannot write is written plainly."""
    from kvmlab.report.encoding import NAME

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, "w" if number else "r"))  # noqa: PTH123, SIM115
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(errors=NAME)  # type: ignore[union-attr]
    sys.stderr.reconfigure(errors=NAME)  # type: ignore[union-attr]


def _leave(status: int) -> NoReturn:
    """End the process at once, with this status, whatever its threads are doing.

    Python would destroy every module first, which takes a fifth of what `kvmlab list` takes, and end each daemon
    thread where it asks for the interpreter's lock. One that asks for it below cryptography's Rust (its SSH
    connection is being made, and we have all we came for) is then caught there, and the process aborted (SIGABRT,
    "exception not rethrown"). What must be undone is undone by `with` blocks, which have ended.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more; `_status` has looked already
            stream.flush()
    os._exit(status)


def _status(argv: list[str]) -> int:
    """Run one verb; what goes wrong is told on standard error."""
    words.set_language(_language(argv))
    try:
        status = _run(argv)
        sys.stdout.flush()
        return status
    except KvmlabError as error:
        tell(error)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's last flush is silent
        return 141
    except Exception as error:
        if isinstance(error, OSError) and (trouble := _trouble(error)):
            tell(trouble)
            return trouble.status
        return _our_bug(error)


def _trouble(error: OSError) -> CannotRun | None:
    """The CannotRun for an OSError (errno(3)) that is this computer's refusal; None: it may be a bug of kvmlab."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CannotRun(t("No space is left: {error}.", error=error.strerror), "df -h")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return CannotRun(f"{error.filename}: {error.strerror}.", f"ls -ld {error.filename}")
    return None


def _run(argv: list[str]) -> int:
    if argv[:1] == ["_complete"]:
        from kvmlab.cli.completion.candidates import complete

        return complete(argv[1:])
    at = _verb_at(argv)
    if at is None:
        verb, args = "overview", _outline().parse_args(argv)
    else:
        verb = argv[at]
        rest = [*argv[:at], *argv[at + 1 :]]
        own, command = _set_aside(rest) if verb in ("exec", "class") else (rest, [])
        args = _parser_of(verb).parse_intermixed_args(own)
        args.command = command
    ctx = Context(course=args.course, lang=words.language(), variant=args.variant, color=args.color)
    return int(_module(verb).run(args, ctx))


def _set_aside(argv: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the first `--`, and the command after it: argparse would mix up their options."""
    split = argv.index("--") if "--" in argv else len(argv)
    return argv[:split], argv[split + 1 :]


def _parser_of(verb: str) -> Parser:
    """One verb's parser, with the global options: they may stand before the verb or after it.

    Rejected: argparse's subparsers; making sixteen that are not asked for takes longer than the verb `list`.
    """
    if verb not in VERBS:
        from kvmlab.errors import UsageError
        from kvmlab.nearest import nearest

        message = t("kvmlab has no verb {verb!r}.", verb=verb[:60])
        meant = nearest(verb, VERBS)
        raise UsageError(message, f"kvmlab {meant}" if meant else "kvmlab --help")
    line = t(VERBS[verb])
    parser = Parser(f"kvmlab {verb}", line)
    _module(verb).arguments(parser)
    global_options(parser)
    parser.keep_usage()
    return parser


def _outline() -> Parser:
    """The parser where there is no verb: --help, --version, the global options."""
    from kvmlab import __version__

    description = t("A KVM/libvirt course that grades itself.")
    parser = Parser("kvmlab", description, usage=t("kvmlab [VERB] [options]"))
    verbs = parser.add_argument_group(t("verbs (kvmlab VERB --help says more)"))
    for name, line in VERBS.items():
        verbs.add_argument(name, nargs="?", metavar=name, help=t(line))
    version = t("show program's version number and exit")
    parser.add_argument("--version", action="version", version=f"kvmlab {__version__}", help=version)
    global_options(parser)
    return parser


def _verb_at(argv: Sequence[str]) -> int | None:
    """Where the first word stands that is neither a global option nor its value."""
    takes_value = {"--course", "--lang", "--variant", "--color"}
    skip = False
    for index, word in enumerate(argv):
        if not skip and not word.startswith("-"):
            return index
        skip = not skip and word in takes_value
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
    _say(f"kvmlab: {error.message}")
    if error.todo:
        _say(f"  → {error.todo}")


def _say(text: str) -> None:
    """On standard error, without control characters: a message quotes what was typed, and what a course says."""
    from kvmlab.safe_text import clean_code

    print(clean_code(text), file=sys.stderr)


def _our_bug(error: Exception) -> int:
    if os.environ.get("KVMLAB_DEBUG"):
        import traceback

        traceback.print_exception(error)
        return 70
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    where = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}" if last else "?"
    kind = type(error).__name__
    said = t("a bug in kvmlab: {kind}: {error} ({where}).", kind=kind, error=error, where=where)
    _say(f"kvmlab: {said}")
    _say(f"  → {t('KVMLAB_DEBUG=1 and the same command show more; please report it')}")
    return 70


if __name__ == "__main__":
    raise SystemExit(main())
