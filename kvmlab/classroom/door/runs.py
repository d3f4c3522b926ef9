"""What the page may have done for a student: these lines of kvmlab's, word by word, and no other.

As at the prompt a list of what is allowed: the process that asks faces the network, and is believed nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kvmlab.errors import UsageError
from kvmlab.words import t

_NAME = "[a-z0-9][a-z0-9-]{0,79}"
"""A lab, task, chapter or question."""
_GUEST = "[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}"


class Way(NamedTuple):
    """A line: a regular expression for each word. `reads`: it is written to; `lines`: what it says on standard error is
    shown as it comes, too; `turn`: it starts a lab host, for which there is a line; `terminal`: on a terminal."""

    words: tuple[str, ...]
    reads: bool = False
    lines: bool = False
    turn: bool = False
    terminal: bool = False

    def fits(self, words: Sequence[str]) -> bool:
        """Whether the words are such a line."""
        both = zip(self.words, words, strict=False)
        return len(words) == len(self.words) and all(re.fullmatch(one, word) for one, word in both)


WAYS = (
    Way(("list", "--json")),
    Way(("show", "--json", _NAME)),
    Way(("hint", "--json", _NAME, _NAME)),
    Way(("map", "--json", _NAME)),
    Way(("quiz", "--json", _NAME)),
    Way(("quiz", "--json", _NAME, f"--question={_NAME}", "--answer=.{1,500}")),
    Way(("check", "--follow", _NAME), reads=True),
    Way(("exec", _NAME, f"--screen={_GUEST}"), reads=True),
    Way(("start", _NAME), lines=True, turn=True),
    Way(("start", "--resume", _NAME), lines=True, turn=True),
    Way(("reset", _NAME), lines=True, turn=True),
    Way(("finish", _NAME), lines=True),
    Way(("solve", _NAME), lines=True),
    Way(("shell", _NAME), terminal=True),
    Way(("shell", _NAME, f"--console={_GUEST}"), terminal=True),
)


def way_of(words: object) -> Way:
    """How that is done; UsageError where it is not allowed."""
    if isinstance(words, list) and all(isinstance(word, str) and word.isprintable() for word in words):
        for way in WAYS:
            if way.fits(words):
                return way
    raise UsageError(t("The page does not know how to do that."), "kvmlab --help")
