"""Commands and options, by a synopsis as manual pages have it.

    [virsh] snapshot-revert [--domain] [DOMAIN] [--snapshotname] [NAME] [--force]

Words in brackets may be left out, of the first words only from the left on: `virsh dumpxml` or `dumpxml`, but not
`virsh` alone. CAPITALS stand for any one word. Options may stand anywhere: `-b|--backing=FILE` takes a value, as
`-b FILE`, `-bFILE` or `--backing=FILE`; `--period[=SECONDS]` may have one, `-o=size|size=BYTES` one of these.
`[--domain]` before an operand: it may be given by that name.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import NamedTuple

from kvmlab.course.quiz.answers.typed import words

_TOKEN = re.compile(r"\{.*\}|\[[^\[\]]*\]|[^\s\[\]]+(?:\[=[^\s\[\]]+\])?")
_OPTION = re.compile(r"(-[^=\[\]]*)(?:(\[)?=([^\]]+)\]?)?")
_CONNECTION = ("-c", "--connect")
_CONNECTED = ("-q", "--quiet", "-r", "--readonly")
"""Options of virsh and its like that say where, or how loudly, and not what."""


class _Word(NamedTuple):
    """A word of the command in its place; `named`: the option by which it may be given."""

    text: str
    optional: bool
    named: str = ""

    def takes(self, given: str) -> bool:
        """Whether `given` may stand here."""
        return self.text.isupper() or given == self.text


class _Option(NamedTuple):
    """An option by all its names. `value`: "" none, CAPITALS any."""

    names: tuple[str, ...]
    needed: bool
    value: str = ""
    value_needed: bool = True


class Synopsis(NamedTuple):
    """What may be typed: leading words that may go from the left on, then words in order, options anywhere."""

    leading: tuple[str, ...]
    words: tuple[_Word, ...]
    options: tuple[_Option, ...]

    def short(self) -> str:
        """What must be typed, and no more."""
        said = [option.names[0] + _value(option) for option in self.options if option.needed]
        return " ".join([*(word.text for word in self.words if not word.optional), *said])

    def whole(self) -> str:
        """The command with all its words, and the options that must be."""
        said = [option.names[0] + _value(option) for option in self.options if option.needed]
        return " ".join([*self.leading, *(word.text for word in self.words), *said])


def _value(option: _Option) -> str:
    return f" {option.value}" if option.value and option.value_needed else ""


@cache
def read_synopsis(text: str) -> Synopsis | None:
    """The synopsis that an author wrote; None where it makes no sense."""
    leading: list[str] = []
    found: list[_Word] = []
    options: list[_Option] = []
    named = ""
    tokens = list(_tokens(text))
    for place, (token, optional) in enumerate(tokens):
        behind = tokens[place + 1][0] if place + 1 < len(tokens) else "-"
        if token.startswith("-"):
            if optional and "=" not in token and "|" not in token and not behind.startswith("-"):
                named = token
                continue
            option = _read_option(token, needed=not optional)
            if option is None:
                return None
            options.append(option)
        elif optional and not found and not options and not token.isupper():
            leading.append(token)
        else:
            found.append(_Word(token, optional, named))
            named = ""
    synopsis = Synopsis(tuple(leading), tuple(found), tuple(options))
    return synopsis if synopsis.short() and not re.sub(_TOKEN, "", text.replace("`", "")).strip() else None


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Every word, and whether it stands in brackets; `[-b=FILE]` is one word."""
    found: list[tuple[str, bool]] = []
    for token in _TOKEN.findall(text.replace("`", "").strip()):
        if token.startswith("["):
            found += [(word, True) for word in token[1:-1].split()]
        elif token.startswith("{"):
            found.append((_canonical(token), False))
        else:
            found.append((token.strip("\"'"), False))
    return found


def _read_option(token: str, needed: bool) -> _Option | None:
    found = _OPTION.fullmatch(token)
    if not found:
        return None
    names = tuple(found[1].split("|"))
    if not all(re.fullmatch(r"-[A-Za-z0-9]|--[a-z][a-z0-9-]*", name) for name in names):
        return None
    return _Option(names, needed, found[3] or "", not found[2])


def follows(synopsis: Synopsis, given: str) -> bool:
    """Whether what was typed is this command, or the part of it that is asked for."""
    typed = words(given)
    left = _take_options(synopsis, typed)
    if left is None:
        return False
    positional, by_name = left
    positional = [word for one in positional for word in (_canonical(one).split() or [""])]
    for start in range(len(synopsis.leading) + 1):
        rest = synopsis.leading[start:]
        if synopsis.leading and not rest and positional and all(word.optional for word in synopsis.words):
            continue  # an option by itself: what its command works on stands behind the command
        if tuple(positional[: len(rest)]) == rest and _fits(synopsis.words, positional[len(rest) :], by_name):
            return True
    return False


def _take_options(synopsis: Synopsis, typed: list[str]) -> tuple[list[str], dict[str, str]] | None:
    """The words without the options, and the operands that were given by name. None: an option that does not belong."""
    known = {name: option for option in synopsis.options for name in option.names}
    named = {word.named for word in synopsis.words if word.named}
    seen: set[_Option] = set()
    left: list[str] = []
    by_name: dict[str, str] = {}
    queue = list(typed)
    while queue:
        word = queue.pop(0)
        if not word.startswith("-") or word == "-":
            left.append(word)
            continue
        name, equals, value = word.partition("=")
        if name not in known and not word.startswith("--") and known.get(word[:2], _NONE).value:
            name, equals, value = word[:2], "=", word[2:]
        if name in known:
            option = known[name]
            seen.add(option)
            if not _value_fits(option, equals, value, queue):
                return None
        elif name in named or name in _CONNECTION:
            value = value if equals else (queue.pop(0) if queue else "")
            if name in named:
                by_name[name] = value
        elif word not in _CONNECTED:
            return None
    if any(option.needed and option not in seen for option in synopsis.options):
        return None
    return left, by_name


def _value_fits(option: _Option, equals: str, value: str, queue: list[str]) -> bool:
    """Whether the value that follows, if any, is one the option takes; it is taken out of `queue`."""
    if not option.value:
        return not equals
    if not equals:
        if not queue or queue[0].startswith("-") or not _is(option.value, queue[0]):
            return not option.value_needed
        value = queue.pop(0)
    return bool(value) and _is(option.value, value)


def _is(wanted: str, given: str) -> bool:
    """Whether a value is one of those wanted; of a list with commas one item will do: `-o size=1G,backing_fmt=raw`."""
    if wanted.isupper():
        return True
    patterns = [re.sub("[A-Z]{2,}", ".+", re.escape(one)) for one in wanted.split("|")]
    return any(re.fullmatch(pattern, item) for pattern in patterns for item in given.split(","))


def _fits(wanted: tuple[_Word, ...], given: list[str], by_name: dict[str, str]) -> bool:
    """Whether the words are those wanted, in their order, with or without the optional ones."""
    if not wanted:
        return not given
    first, rest = wanted[0], wanted[1:]
    if first.named in by_name:
        said = _canonical(by_name[first.named]).split()
        several = len(said) > 1 and [word.text for word in wanted[: len(said)]] == said
        if several:
            return _fits(wanted[len(said) :], given, by_name)
        return len(said) == 1 and first.takes(said[0]) and _fits(rest, given, by_name)
    if given and first.takes(given[0]) and _fits(rest, given[1:], by_name):
        return True
    return first.optional and _fits(rest, given, by_name)


def _canonical(word: str) -> str:
    """JSON, as QMP has it, in one spelling; anything else as it is."""
    if not word.startswith("{"):
        return word
    try:
        return json.dumps(json.loads(word), separators=(",", ":"), sort_keys=True)
    except ValueError:
        return word


_NONE = _Option((), needed=False)
