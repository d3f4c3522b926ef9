"""What differs between the pictures of a lab host before and after a fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kvmlab.checks.reader import Key
from kvmlab.host.start.aspects import Objects


class Changed(NamedTuple):
    """One aspect of an object that is otherwise than it was; "" where the object is gone."""

    noun: str
    key: Key
    aspect: str
    before: object = None
    after: object = None

    @property
    def name(self) -> str:
        """The object, as a lab's header names it."""
        return f"{self.noun} {'/'.join(self.key)}"


def changes(before: Objects, after: Objects) -> Iterator[Changed]:
    """In the order of the first picture; what has come to be only since is none."""
    for (noun, key), aspects in before.items():
        now = after.get((noun, key))
        if now is None:
            yield Changed(noun, key, "")
            continue
        for aspect in dict.fromkeys((*aspects, *now)):
            if aspects.get(aspect) != now.get(aspect):
                yield Changed(noun, key, aspect, aspects.get(aspect), now.get(aspect))
