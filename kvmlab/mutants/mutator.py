"""What a mutator is: a kind of object, the change in words, and a function that says how it is made and undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote
from typing import Any, NamedTuple, Protocol, TypeVar

from kvmlab.host.xml import Element

_WORD = re.compile(r"\{(\w+)\}")


class ChangeScripts(NamedTuple):
    """Scripts for bash on the lab host, or for sh in `guest`. `do` fails where there is nothing to change.

    `scars`: undoing it may leave something that a check sees (a guest that has been off), so it is tried late.
    """

    do: str
    undo: str
    guest: str = ""
    scars: bool = False


class Mutant(NamedTuple):
    """One change of one object: "disk vdb of web1: read-only, stored"."""

    name: str
    change: ChangeScripts


class Named(Protocol):
    """An object of the scene."""

    @property
    def kind(self) -> str:
        """As in the mutant's name: "domain"."""

    @property
    def label(self) -> str:
        """Likewise: "web1", "vdb of web1"."""


Thing = TypeVar("Thing", contravariant=True)
Function = Callable[[Any], ChangeScripts | None]


class Mutator(NamedTuple):
    """One way to break objects of one kind. `function` gives None for an object that cannot be broken so."""

    kind: str
    change: str
    function: Function

    def of(self, thing: Named) -> Mutant | None:
        """The mutant of one object."""
        change = self.function(thing)
        return None if change is None else Mutant(f"{thing.kind} {thing.label}: {self.change}", change)


LIBRARY: list[Mutator] = []
"""All mutators, in the order in which they are defined."""


def mutator(kind: str, change: str) -> Callable[[Function], Function]:
    """Put a function into the library. `change` is what is seen in reports and named in [[survivors]]."""

    def add(function: Function) -> Function:
        LIBRARY.append(Mutator(kind, change, function))
        return function

    return add


def script(*lines: str, **words: object) -> str:
    """Lines of shell; `{name}` in them is `words[name]`, quoted."""
    quoted = {name: quote(str(value)) for name, value in words.items()}
    return "\n".join(_WORD.sub(lambda place: quoted.get(place[1], place[0]), line) for line in lines)


def there_and_back(
    line: str, do: str, undo: str, *, guest: str = "", scars: bool = False, **words: object
) -> ChangeScripts:
    """One line for both ways, with `do` or `undo` in the place of its %s."""
    there, back = (script(line.replace("%s", one), **words) for one in (do, undo))
    return ChangeScripts(there, back, guest, scars)


def given(command: str, xml: str) -> str:
    """A command of virsh that reads XML from /dev/stdin."""
    return f"{command} /dev/stdin <<'KVMLAB-XML'\n{xml.rstrip()}\nKVMLAB-XML"


def edited(xml: str, edit: Callable[[Element], bool | None]) -> str | None:
    """`xml` with its root edited; None where `edit` gives False, for there was nothing to edit."""
    import xml.etree.ElementTree as ET

    root = ET.fromstring(xml)
    return None if edit(root) is False else ET.tostring(root, encoding="unicode")


def remove(root: Element, path: str) -> bool:
    """Remove all elements at `path`; whether there were any."""
    found = [(parent, child) for parent in root.iter() for child in parent if child in root.findall(path)]
    for parent, child in found:
        parent.remove(child)
    return bool(found)
