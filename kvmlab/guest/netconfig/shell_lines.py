"""Lines for a shell, as simple commands: variables, `&&`, `;`, `||`, redirections. Nothing is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping


class NotUnderstood(Exception):
    """What this command does is not known here; the text is the command."""


class Fails(Exception):
    """This command cannot work; what comes after it is not run."""


def _filled(line: str, variables: Mapping[str, str]) -> str:
    """With the variables' values; a shell's further powers (substitution, loops) are not understood."""

    def value(place: re.Match[str]) -> str:
        name = place[1] or place[2]
        if name not in variables:
            raise NotUnderstood(line.strip())
        return variables[name]

    filled = re.sub(r"\$(?:(\w+)|\{(\w+)\})", value, line)
    if re.search(r"[`$(){}]", filled):
        raise NotUnderstood(line.strip())
    return filled


def commands(line: str, variables: Mapping[str, str]) -> list[list[str]]:
    """The simple commands of a line, each with its redirections; those after `||` are run where the first fails."""
    line = _filled(line, variables)
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    try:
        words = list(lexer)
    except ValueError:
        raise Fails from None
    commands: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", ";", "||"):
            commands.append(["||"] if word == "||" else [])
        elif word in ("|", "&", ";;"):
            raise NotUnderstood(line.strip())
        else:
            commands[-1].append(word)
    return _with_a_way_out([command for command in commands if command])


def _with_a_way_out(commands: list[list[str]]) -> list[list[str]]:
    """`COMMAND || true` cannot fail: both become one command, "||" before its words."""
    kept: list[list[str]] = []
    for command in commands:
        if command[0] != "||":
            kept.append(command)
        elif kept and command[1:2] in (["true"], [":"], ["echo"], ["logger"]):
            kept[-1] = ["||", *kept[-1]] if kept[-1][0] != "||" else kept[-1]
        else:
            raise NotUnderstood(shlex.join(command[1:]))
    return kept


def redirected(words: list[str]) -> tuple[list[str], str]:
    """The words without redirections, and the file that is written, if it is one that counts."""
    kept: list[str] = []
    target = ""
    place = 0
    while place < len(words):
        word = words[place]
        if set(word) <= set("<>&") and word:
            if kept and kept[-1] in ("1", "2"):
                kept.pop()
            file = words[place + 1] if place + 1 < len(words) else ""
            target = file if file not in ("/dev/null", "1", "2") and "<" not in word else target
            place += 2
        else:
            kept.append(word)
            place += 1
    return kept, target


def pairs(words: list[str], named: set[str]) -> dict[str, str]:
    """The words that have a name before them by that name, the first other one as ""."""
    values: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word in named:
            values[word] = next(rest, "")
        else:
            values.setdefault("", word)
    return values
