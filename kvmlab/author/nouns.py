"""The vocabulary as a reference for authors: each noun of a checker, how it is named there, and its facts.

It is read off the vocabulary itself: a noun is what a method of `Host`, or of another noun, says it returns. So what
is listed is there, and what is there is listed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from kvmlab.checks.facts import FactSpec, Flag, Number, Numbers, Table, Word, Words
from kvmlab.checks.next_start import live_of
from kvmlab.checks.reader import DryRun
from kvmlab.checks.subject import Subject, vocabulary_of
from kvmlab.checks.vocabulary.host import Host

TYPES: Mapping[object, str] = {
    Word: "str",
    Number: "number",
    Flag: "bool",
    Words: "[str]",
    Numbers: "[int]",
    Table: "{str: str}",
}
"""How the type of a fact's value is written for authors."""


class Fact(NamedTuple):
    """One fact: the type of its value, what it means in English, and the command that shows it.

    `next_start`: it is about the next start; `kvmlab check --rehearse` sees whether it comes true.
    """

    name: str
    type: str
    meaning: str
    command: str
    next_start: bool


class Noun(NamedTuple):
    """A noun: its path ("guest.file"), how a checker names one, and other ways to (`calls[1:]`), and its facts."""

    path: str
    calls: tuple[str, ...]
    about: str
    facts: tuple[Fact, ...]


class _Way(NamedTuple):
    path: str
    call: str
    subject: Any


@cache
def nouns() -> Mapping[str, Noun]:
    """Every noun by its path, each once: where it has several, by the shortest."""
    ways: dict[type, list[_Way]] = {}
    for way in _ways():
        ways.setdefault(type(way.subject), []).append(way)
    found = (_noun(cls, those) for cls, those in ways.items())
    return {noun.path: noun for noun in sorted(found)}


@cache
def names() -> Mapping[str, str]:
    """The path of a noun, by every name it can be reached by: "bridge" is a `link`."""
    first: dict[type, str] = {}
    return {way.path: first.setdefault(type(way.subject), way.path) for way in _ways()}


def nouns_with(fact: str) -> list[str]:
    """The paths of the nouns that have a fact of this name."""
    return [noun.path for noun in nouns().values() if any(one.name == fact for one in noun.facts)]


def _noun(cls: type[Subject], ways: list[_Way]) -> Noun:
    subject = ways[0].subject
    facts = tuple(_fact(subject, spec) for spec in vocabulary_of(cls).values())
    return Noun(ways[0].path, tuple(way.call for way in ways), inspect.getdoc(cls) or "", facts)


def _fact(subject: Subject, spec: FactSpec) -> Fact:
    kind = "MAC" if spec.caseless else TYPES[spec.type]
    ahead = live_of(subject.kind, subject.key, spec.name) is not None
    return Fact(spec.name, kind, spec.meaning, subject.command(spec.name), ahead)


def _ways() -> Iterator[_Way]:
    """Every way to a noun, those of the host before those through another noun."""
    waiting: list[tuple[str, str, object]] = [("", "host", Host(DryRun()))]
    while waiting:
        path, call, owner = waiting.pop(0)
        call = re.sub(r", \w+=[^,)]+", "", call)  # what may be left out is said where it belongs
        for name, function in _members(type(owner)):
            way = _Way(f"{path}.{name}".removeprefix("."), f"{call}.{name}", getattr(owner, name))
            if inspect.isfunction(function):
                words = _placeholders(name, function)
                way = way._replace(call=f"{way.call}({_written(function, words)})", subject=way.subject(**words))
            yield way
            waiting.append(way)


def _members(owner: type) -> Iterator[tuple[str, Callable[..., Any] | property]]:
    """Its methods and properties that return a noun."""
    found: dict[str, Any] = {}
    for cls in owner.__mro__:
        found = {**vars(cls), **found}
    for name, member in found.items():
        if not name.startswith("_") and issubclass(_returned(member), Subject):
            yield name, member


def _returned(member: object) -> type:
    function = member.fget if isinstance(member, property) else member
    found = get_type_hints(function).get("return") if inspect.isfunction(function) else None
    return found if isinstance(found, type) else object


def _placeholders(name: str, function: Callable[..., Any]) -> dict[str, str]:
    """A word in capitals for each thing that has to be said; GUEST and not NAME for what has nouns of its own."""
    needed = [one.name for one in _parameters(function) if one.default is one.empty] or _choices(function)[:1]
    owns = any(_members(_returned(function)))
    return {one: name.upper() if owns and one == "name" else one.upper() for one in needed}


def _choices(function: Callable[..., Any]) -> list[str]:
    """The parameters of which exactly one is said: those that are empty, where there are several."""
    found = [one.name for one in _parameters(function) if one.default == "" or one.name == "index"]
    return found if len(found) > 1 else []


def _written(function: Callable[..., Any], words: Mapping[str, str]) -> str:
    """As a call has it, with its defaults; of choices, `target=TARGET | source=…`, one is said."""
    shown = []
    for one in _parameters(function):
        value = words.get(one.name) or (repr(one.default).replace("'", '"') if one.default else "…")
        plain = one.name in words and one.kind is not one.KEYWORD_ONLY
        shown.append(value if plain else f"{one.name}={value}")
    return (" | " if _choices(function) else ", ").join(shown)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())[1:]
