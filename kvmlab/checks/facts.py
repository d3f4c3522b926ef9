"""What a fact is, for people and for the engine: one line per fact in a TypedDict.

    class LinkFacts(Facts, total=False):
        master: Annotated[Word, "ip -d link show {0}", "the bridge it is a port of; none when of none"]

gives mypy the type, the engine the fact's name and kind, the student the command ({0}, {1}… are parts of the object's
key, quoted for a shell) and the author the meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypedDict

from kvmlab.checks.matchers import Matcher
from kvmlab.checks.reading import nearest
from kvmlab.errors import AuthorError
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


class Facts(TypedDict, total=False):
    """What every object has."""

    exists: Annotated[Flag, "", "there is such an object; the engine itself answers this one"]


@dataclass(frozen=True, slots=True)
class FactSpec:
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
def specs(facts: Any) -> Mapping[str, FactSpec]:
    """The facts of a TypedDict of the vocabulary, by name."""
    return {name: _spec(name, annotation) for name, annotation in facts.__annotations__.items()}


def _spec(name: str, annotation: Any) -> FactSpec:
    *marks, see, meaning = annotation.__metadata__
    return FactSpec(name, annotation.__origin__, see, meaning, caseless="mac" in marks)


def known(facts: Any, name: str) -> FactSpec:
    """The fact called `name`; AuthorError naming the nearest if there is none."""
    table = specs(facts)
    if spec := table.get(name):
        return spec
    kind = facts.__name__.removesuffix("Facts").lower()
    if meant := nearest(name, table):
        raise AuthorError(
            t("{kind} has no fact {name}; did you mean `{meant}`?", kind=kind, name=name, meant=meant)
        )
    raise AuthorError(
        t("{kind} has no fact {name}; it has {names}.", kind=kind, name=name, names=", ".join(table))
    )
