"""What a student may type at the door: verbs of kvmlab, of each its options, and nothing that names a file.

A list of what is allowed, not of what is not: a verb or an option that kvmlab gets later is refused until it is here.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from kvmlab.errors import UsageError
from kvmlab.words import t

MOST = 1000  # characters of a line
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A lab, task, chapter, number or seed: no option, no path."""


class Verb(NamedTuple):
    """A verb of kvmlab: how many words it takes, which options, which options that take a value, and one that has to be
    there."""

    most: int
    options: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    needed: str = ""


VERBS = {
    "list": Verb(0),
    "show": Verb(1, ("--no-pager", "--text")),
    "read": Verb(1, ("--no-pager",)),
    "start": Verb(1, ("--resume",)),
    "shell": Verb(1),
    "check": Verb(20, ("--all", "--watch", "--rehearse"), ("--wait",)),
    "hint": Verb(2, ("--again",)),
    "diff": Verb(1),
    "map": Verb(1),
    "solve": Verb(1, (), ("--way",)),
    "repair": Verb(1, ("--give-up",), needed="--give-up"),  # one is given by `class repair`
    "explain": Verb(1),
    "reset": Verb(1),
    "finish": Verb(1),
    "quiz": Verb(1, (), ("--questions",)),
    "exam": Verb(1, (), ("--minutes", "--labs", "--questions")),
    "status": Verb(0),
}


def words_of(line: str) -> list[str]:
    """What was typed, `kvmlab ` before it left out; UsageError where quotes are left open or it is too long."""
    if len(line) > MOST:
        raise UsageError(t("That line is too long."), "help")
    try:
        words = shlex.split(line)
    except ValueError:
        raise UsageError(t("A quote is left open."), "help") from None
    return words[1:] if words[:1] == ["kvmlab"] else words


def checked(words: list[str]) -> list[str]:
    """The words of one verb, all of them allowed; UsageError says what is not."""
    name, rest = words[0], words[1:]
    verb = VERBS.get(name)
    if verb is None:
        raise UsageError(t("There is no `{word}` here.", word=name[:40]), "help")
    count = 0
    while rest:
        word = rest.pop(0)
        if word in verb.valued:
            if not rest or not _WORD.fullmatch(rest.pop(0)):
                raise UsageError(t("{option} takes a value.", option=word), "help")
        elif word not in verb.options:
            count += 1
            if not _WORD.fullmatch(word) or count > verb.most:
                raise UsageError(t("`{verb}` does not take `{word}` here.", verb=name, word=word[:40]), "help")
    if verb.needed not in ("", *words):
        raise UsageError(t("`{verb}` needs {option} here.", verb=name, option=verb.needed), "help")
    return words
