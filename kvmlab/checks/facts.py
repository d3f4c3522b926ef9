"""What a fact is, for people and for the engine: one line per fact in a TypedDict.

    class LinkFacts(Facts, total=False):
        master: Annotated[Word, "ip -d link show {0}", "the bridge it is a port of; none when of none"]

gives mypy the type, the engine the fact's name and kind, the student the command ({0}, {1}… are parts of the object's
key, quoted for a shell) and the author the meaning.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from kvmlab.checks.matchers import Matcher
from kvmlab.errors import AuthorError
from kvmlab.nearest import nearest
from kvmlab.words import t

Word = str | Matcher | None  # text; None: has no value
Mac = Annotated[str | Matcher | None, "mac"]  # a MAC address: upper and lower case are the same
Number = int | float | Matcher | None
Flag = bool | Matcher
Words = list[str] | tuple[str, ...] | Matcher  # several texts, in no order
Numbers = list[int] | tuple[int, ...] | Matcher
Table = Mapping[str, str] | Matcher  # text to text

_TYPES: dict[object, tuple[type, ...]] = {
    Word: (str, type(None)),
    Number: (int, float, type(None)),
    Flag: (bool,),
    Words: (list, tuple),
    Numbers: (list, tuple),
    Table: (Mapping,),
}


if TYPE_CHECKING:
    from typing import TypedDict as FactTable
else:

    class FactTable:
        """At run time only a holder of annotations, which are evaluated fact by fact as they are needed: two hundred
        of them at import would cost a third of a whole check."""

        def __init_subclass__(cls, total: bool = True) -> None:
            pass


class Facts(FactTable, total=False):
    """What every object has."""

    exists: Annotated[Flag, "", "there is such an object; the engine itself answers this one"]


class FactSpec(NamedTuple):
    """One fact of one kind of object: its type, the command that shows it, its meaning."""

    name: str
    type: object
    see: str
    meaning: str
    caseless: bool = False

    def checked(self, wanted: object) -> object:
        """`wanted` as it is compared; AuthorError for a value that this fact can never have."""
        if isinstance(wanted, Matcher):
            return wanted
        fits = isinstance(wanted, _TYPES[self.type])
        if not fits or (isinstance(wanted, bool) and self.type != Flag):
            raise AuthorError(t("The fact {name} can never be {wanted!r}.", name=self.name, wanted=wanted))
        return wanted.lower() if self.caseless and isinstance(wanted, str) else wanted


@cache
def specs(facts: type) -> Mapping[str, FactSpec]:
    """The facts of a TypedDict of the vocabulary, by name."""
    return {name: spec for name in fact_names(facts) if (spec := known(facts, name))}


@cache
def fact_names(facts: type) -> Mapping[str, type]:
    """Names of the facts of a TypedDict of the vocabulary, each with the class that has it."""
    own = [(cls, cls.__dict__.get("__annotations__", {})) for cls in facts.__mro__]  # noqa: RUF063  inspect is slow
    return {name: cls for cls, annotations in own for name in annotations}


@cache
def known(facts: type, name: str) -> FactSpec:
    """The fact called `name`; AuthorError naming the nearest if there is none."""
    names = fact_names(facts)
    if name not in names:
        raise AuthorError(_unknown(facts.__name__.removesuffix("Facts").lower(), name, names))
    owner = names[name]
    annotation = eval(owner.__annotations__[name], vars(sys.modules[owner.__module__]))
    *marks, see, meaning = annotation.__metadata__
    return FactSpec(name, annotation.__origin__, see, meaning, caseless="mac" in marks)


def _unknown(kind: str, name: str, names: Mapping[str, object]) -> str:
    if meant := nearest(name, names):
        return t("{kind} has no fact {name}; did you mean `{meant}`?", kind=kind, name=name, meant=meant)
    return t("{kind} has no fact {name}; it has {names}.", kind=kind, name=name, names=", ".join(names))
