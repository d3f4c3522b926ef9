"""Which labs exercise which commands: the list `commands` in course.md's header against what solutions type.

An entry is a command with the words and options that matter (`virsh list --all`), or a list of such: any of them
will do (`["brctl addbr", "ip link add"]`). Solutions and other right ways count, near-misses do not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kvmlab.course import Course
from kvmlab.course.front_matter import read_front
from kvmlab.course.lab.solution import SolutionKind
from kvmlab.course.source import read_source
from kvmlab.words import t


class Exercised(NamedTuple):
    """One entry of the list, its alternatives, and the labs whose solutions use one of them."""

    commands: tuple[str, ...]
    labs: tuple[str, ...]


def exercised(course: Course, labs: Sequence[str] = ()) -> list[Exercised]:
    """The table of `labs` (none named: all), in the order of the list. Broken files: AuthorError with file:line."""
    chosen = [course.entry(lab).id for lab in labs] or course.ids
    typed = {lab: list(_typed(course, lab)) for lab in dict.fromkeys(chosen) if course.entry(lab).complete}
    return [
        Exercised(entry, tuple(lab for lab, lines in typed.items() if any(_uses(lines, one) for one in entry)))
        for entry in _wanted(course)
    ]


def _wanted(course: Course) -> Iterator[tuple[str, ...]]:
    front = read_front(read_source(course.root / "course.md", course.root), needed=False)
    for entry in front.table.get("commands", []):
        words = entry if isinstance(entry, list) else [entry]
        if not words or not all(isinstance(one, str) and one.split() for one in words):
            raise front.place("", 0, "commands").error(t("`commands` is a list of commands, or of lists of them."))
        yield tuple(words)


def _typed(course: Course, lab_id: str) -> Iterator[list[str]]:
    """The words of each simple command of a lab's right ways."""
    for solution in course.solutions(course.lab(lab_id)):
        if solution.kind is not SolutionKind.NEAR:
            for step in solution.steps:
                yield from _commands(step.code)


def _commands(code: str) -> Iterator[list[str]]:
    """Simple commands, those inside quoted code and $( ) too; what the shell would make of variables is left open."""
    for line in re.sub(r"\\\n", " ", code).split("\n"):
        lexer = shlex.shlex(re.sub(r"\$\(|`", " ; ", line), posix=True, punctuation_chars=";|&()<>")
        lexer.whitespace_split = True
        words: list[str] = []
        try:
            for word in lexer:
                if set(word) <= set(";|&()"):
                    yield words
                    words = []
                else:
                    words.append(word)
                    if " " in word:
                        yield from _commands(word)
        except ValueError:  # a quote that goes on in the next line
            pass
        yield words


def _uses(lines: Sequence[list[str]], command: str) -> bool:
    """Whether one of `lines` is `command`: its words in their order, its options anywhere behind the program."""
    words = command.split()
    program, names = words[0], [one for one in words[1:] if not one.startswith("-")]
    options = [one for one in words[1:] if one.startswith("-")]
    for line in lines:
        if program not in line:
            continue
        rest = " ".join(line[line.index(program) + 1 :]).split()
        behind = iter(rest)
        if all(name in behind for name in names) and all(_has(rest, option) for option in options):
            return True
    return False


def _has(words: Sequence[str], option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in words)
