"""Shell completion: one script per shell, and the words it asks `kvmlab _complete SHELL WORD…` for.

The last WORD is the one being typed. Each line of the answer is a word, a tab and what it is; `:files` and `:dirs`
ask the shell for its own. What options a verb has is read from its `arguments(parser)`, given a recorder in place of
a parser, so that completion can never lag behind. Nothing goes wrong aloud: no answer is an answer.
Rejected: argcomplete and shtab (a further dependency; the first imports the whole program at each Tab).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from kvmlab.cli.completion.recorder import Argument, Recorder
from kvmlab.errors import KvmlabError

if TYPE_CHECKING:
    from kvmlab.cli.context import Context

SHELLS = ("bash", "zsh", "fish")
ON_RUNNING = ("shell", "exec", "check", "solve", "reset", "finish", "diff", "map")  # first of all labs that run
MOST_WORDS = 200

Candidate = tuple[str, str]


def complete(argv: Sequence[str]) -> int:
    """Print the candidates for `argv`: the shell, then the words typed so far. Always 0."""
    if len(argv) < 2 or argv[0] not in SHELLS or len(argv) > MOST_WORDS:
        return 0
    shell, words = argv[0], list(argv[1:])
    if shell == "bash":
        words = _joined(words)
    try:
        found = list(candidates(words))
    except (KvmlabError, OSError, ValueError, ImportError):
        return 0
    prefix = words[-1]
    cut = prefix.index("=") + 1 if shell == "bash" and prefix.startswith("--") and "=" in prefix else 0
    for word, text in found:
        if word.startswith((prefix, ":")) and word.isprintable():
            line = " ".join(text.split())[:80]
            sys.stdout.write(f"{word[cut:] if not word.startswith(':') else word}\t{line}\n")
    return 0


def _joined(words: list[str]) -> list[str]:
    """bash splits `--lang=zh` into three words; put them together again."""
    found: list[str] = []
    glue = False
    for word in words:
        if found and (glue or (word == "=" and found[-1].startswith("--"))):
            found[-1] += word
            glue = word == "=" and not glue
        else:
            found.append(word)
    return found


def candidates(words: list[str]) -> Iterator[Candidate]:
    """The words that may stand where the last of `words` stands."""
    from kvmlab.cli.parsing import global_options
    from kvmlab.cli.verbs import VERBS
    from kvmlab.words import t

    known = Recorder()
    global_options(known)  # type: ignore[arg-type]
    done, last = words[:-1], words[-1]
    verb, rest = _verb(known, done)
    if verb is None:
        yield from _options(known, done, last, _context(known, done))
        if not last.startswith("-") and not _wants_value(known, done):
            yield from ((name, t(line)) for name, line in VERBS.items())
        return
    if verb not in VERBS:
        return
    import_module(f"kvmlab.cli.verbs.{verb}").arguments(known)
    yield from _of_verb(verb, known, rest, last, _context(known, done))


def _verb(known: Recorder, done: list[str]) -> tuple[str | None, list[str]]:
    """The verb among the words before the one being typed, and what follows it."""
    return next(((done[number], done[number + 1 :]) for number in _positions(known, done)), (None, done))


def _wants_value(known: Recorder, done: list[str]) -> Argument | None:
    """The option before the word being typed, if that word is its value."""
    option = known.option(done[-1]) if done and done[-1].startswith("--") else None
    return option if option and option.takes_value else None


def _of_verb(verb: str, known: Recorder, rest: list[str], last: str, ctx: Context) -> Iterator[Candidate]:
    if "--" in rest:
        yield ":files", ""
        return
    if _wants_value(known, rest) or last.startswith("-"):
        yield from _options(known, rest, last, ctx, verb)
        return
    given = _given(known, rest)
    places = known.positionals
    if not places:
        return
    place = places[min(len(given), len(places) - 1)]
    if len(given) < len(places) or place.many:
        yield from _values(place, verb, given, ctx)


def _given(known: Recorder, rest: list[str]) -> list[str]:
    """The positional words among `rest`."""
    return [rest[number] for number in _positions(known, rest)]


def _positions(known: Recorder, words: list[str]) -> Iterator[int]:
    """Where the positional words are: no option, and no option's value."""
    skip = False
    for number, word in enumerate(words):
        if skip:
            skip = False
        elif word.startswith("-"):
            option = known.option(word)
            skip = bool(option and option.takes_value)
        else:
            yield number


def _options(known: Recorder, done: list[str], last: str, ctx: Context, verb: str = "") -> Iterator[Candidate]:
    """Options, or values of the option that stands before or in the word being typed."""
    if option := _wants_value(known, done):
        yield from _values(option, verb, _given(known, done), ctx)
    elif "=" in last and (option := known.option(last.partition("=")[0])):
        name = last.partition("=")[0]
        for value, text in _values(option, verb, _given(known, done), ctx):
            yield (value if value.startswith(":") else f"{name}={value}"), text
    elif last.startswith("-"):
        yield from ((name, one.help) for one in known.arguments for name in one.names if name not in done)


def _values(place: Argument, verb: str, given: list[str], ctx: Context) -> Iterator[Candidate]:
    """What an argument can be, told by its choices or by what it is called."""
    if place.choices:
        yield from ((choice, "") for choice in place.choices)
    elif place.metavar.startswith("LAB"):
        yield from _labs(verb, given, ctx)
    elif place.metavar.startswith("TASK"):
        yield from _tasks(given, ctx)
    elif place.metavar.startswith("CHAPTER"):
        yield from ((chapter.id, chapter.title(ctx.lang)) for chapter in ctx.course.chapters)
    elif place.metavar == "NOUN":
        yield from _nouns()
    elif place.dest == "guest":
        yield from _guests(given, ctx)
    elif place.dest == "way":
        yield from _ways(given, ctx)
    elif place.metavar == "DIR":
        yield ":dirs", ""
    elif place.metavar.startswith(("FILE", "PATH")):
        yield ":files", ""


def _labs(verb: str, given: list[str], ctx: Context) -> Iterator[Candidate]:
    from kvmlab.labhost.record import runs

    course = ctx.course
    running = runs(ctx.state, course) if verb in ON_RUNNING else {}
    for lab_id in running or course.ids:
        if lab_id not in given:
            yield lab_id, course.entry(lab_id).title(ctx.lang)


def _tasks(given: list[str], ctx: Context) -> Iterator[Candidate]:
    if given and given[0] in ctx.course.entries:
        for task in ctx.course.entries[given[0]].tasks:
            if task.id not in given[1:]:
                yield task.id, task.title(ctx.lang)


def _guests(given: list[str], ctx: Context) -> Iterator[Candidate]:
    from kvmlab.labhost.record import run_of

    if given and given[0] in ctx.course.entries:
        run = run_of(ctx.state, ctx.course.tag, given[0])
        lab = (run and run.compiled) or ctx.course.lab(given[0], ctx.lang, ctx.variant)
        yield from ((guest.name, guest.address) for guest in lab.guests)


def _nouns() -> Iterator[Candidate]:
    from kvmlab.author.nouns import nouns
    from kvmlab.words import t

    yield from ((noun.path, t(noun.about)) for noun in nouns().values())


def _ways(given: list[str], ctx: Context) -> Iterator[Candidate]:
    if given and given[0] in ctx.course.entries:
        found = ctx.course.solutions_folder(given[0]).glob("*.md")
        yield from ((path.stem, "") for path in sorted(found) if path.name.startswith(("solution.", "way-")))


def _context(known: Recorder, done: list[str]) -> Context:
    """As the command itself would have it, with the --course that has been typed."""
    import os

    from kvmlab import words
    from kvmlab.cli.context import Context

    course, variant = os.environ.get("KVMLAB_COURSE"), os.environ.get("KVMLAB_VARIANT")
    for number, word in enumerate(done):
        name, _, value = word.partition("=")
        value = value or (done[number + 1] if number + 1 < len(done) else "")
        if name == "--course" and value:
            course = os.path.expanduser(value)  # noqa: PTH111
        elif name == "--variant" and value:
            variant = value
    return Context(course=course, lang=words.language(), variant=variant)
