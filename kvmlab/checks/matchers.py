"""What a fact may be wanted to be, besides a plain value: `contains("x")`, `at_least(2)`, `one_of("qcow2", "raw")`.

A plain value is met by an equal one; numbers, truth values and text never equal each other. Lists are sets:
their order does not matter unless `exactly` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kvmlab.checks.text import show
from kvmlab.errors import AuthorError
from kvmlab.words import t

SEARCHED = 65_536  # characters of a text that a regular expression is tried on: it comes from a hostile guest


class Matcher:
    """A condition on a fact. Build one with the functions of this module."""

    __slots__ = ("_meets", "_shown", "_text")

    def __init__(
        self, meets: Callable[[object], bool], text: Callable[[], str], shown: Callable[[object], str] = show
    ) -> None:
        self._meets, self._text, self._shown = meets, text, shown

    def meets(self, found: object) -> bool:
        """Whether `found` is as wanted. None (no value) meets only what asks for it."""
        return self._meets(found)

    def text(self) -> str:
        """What is wanted, in the current language: "at least 2"."""
        return self._text()

    def shown(self, found: object) -> str:
        """What was found, in the current language, as far as this condition is concerned."""
        return self._shown(found)


def same(wanted: object, found: object) -> bool:
    """Equal in value and in kind: True is not 1, "1" is not 1; lists are compared as sets, [] is no value."""
    if _listed(wanted) and (_listed(found) or found is None):
        left, right = _items(wanted), _items(found)
        return len(left) == len(right) and sorted(map(repr, left)) == sorted(map(repr, right))
    if isinstance(wanted, Mapping) and (isinstance(found, Mapping) or found is None):
        other = found or {}
        return wanted.keys() == other.keys() and all(same(value, other[key]) for key, value in wanted.items())
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return type(wanted) is type(found) and wanted == found


def as_matcher(wanted: object) -> Matcher:
    """`wanted` itself if it is a matcher, else "equals `wanted`"."""
    if isinstance(wanted, Matcher):
        return wanted
    return Matcher(lambda found: same(wanted, found), lambda: show(wanted))


def exactly(*items: object) -> Matcher:
    """These items in this order: `exactly("hd", "cdrom")`, or one list of them."""
    want = _items(items[0]) if len(items) == 1 and _listed(items[0]) else list(items)

    def meets(found: object) -> bool:
        have = _items(found)
        return len(have) == len(want) and all(same(a, b) for a, b in zip(want, have, strict=True))

    return Matcher(meets, lambda: t("{items}, in this order", items=show(want)))


def contains(*items: object) -> Matcher:
    """A list (or the names of a table) has all these among others; a text has all these as parts.

    An item may be a matcher: `contains(matches("10[.]0[.].*", "10.0.0.9"))`. Of a table `{"mac": "10.0.0.9"}` wants
    both name and value.
    """
    return Matcher(
        lambda found: all(_has(found, item) for item in items), lambda: t("{items} in it", items=_texts(items))
    )


def lacks(*items: object) -> Matcher:
    """None of these is in the list, or part of the text."""
    return Matcher(
        lambda found: not any(_has(found, item) for item in items), lambda: t("no {items} in it", items=_texts(items))
    )


def count(number: int | Matcher) -> Matcher:
    """A list of that many items: `count(2)`, `count(at_least(1))`."""
    matcher = as_matcher(number)
    return Matcher(
        lambda found: matcher.meets(len(_items(found))),
        lambda: t("number of them: {number}", number=matcher.text()),
        lambda found: f"{len(_items(found))} ({show(found)})",
    )


def at_least(number: float) -> Matcher:
    """A number, `number` or more."""
    return _ordered(lambda found: found >= number, lambda: t("at least {number}", number=number))


def at_most(number: float) -> Matcher:
    """A number, `number` or less."""
    return _ordered(lambda found: found <= number, lambda: t("at most {number}", number=number))


def between(low: float, high: float) -> Matcher:
    """A number from `low` to `high`, both included."""
    return _ordered(lambda found: low <= found <= high, lambda: t("{low} to {high}", low=low, high=high))


def one_of(*choices: object) -> Matcher:
    """Any one of these values (or matchers)."""
    matchers = [as_matcher(choice) for choice in choices]
    return Matcher(
        lambda found: any(matcher.meets(found) for matcher in matchers),
        lambda: t(" or ").join(matcher.text() for matcher in matchers),
    )


def all_of(*conditions: object) -> Matcher:
    """All of these at once."""
    matchers = [as_matcher(condition) for condition in conditions]
    return Matcher(
        lambda found: all(matcher.meets(found) for matcher in matchers),
        lambda: t(" and ").join(matcher.text() for matcher in matchers),
    )


def matches(pattern: str, like: str) -> Matcher:
    """The whole text fits the regular expression (so that `web1` does not let `web10` pass); `(?s).*x.*` searches.

    `like`: a text that fits, which is what the student is shown: few can read a regular expression. AuthorError where
    it does not fit.
    """
    compiled = re.compile(pattern)
    if not compiled.fullmatch(like):
        raise AuthorError(t("`{example}` does not fit {pattern}", example=like, pattern=pattern))
    return Matcher(
        lambda found: isinstance(found, str) and len(found) <= SEARCHED and bool(compiled.fullmatch(found)),
        lambda: t("text like {example}", example=like),
    )


def not_(unwanted: object) -> Matcher:
    """There is a value, and it is not this one (or does not meet this matcher): `mac=not_(original_mac)`."""
    matcher = as_matcher(unwanted)
    return Matcher(
        lambda found: found is not None and not matcher.meets(found),
        lambda: t("anything but {unwanted}", unwanted=matcher.text()),
    )


def same_content(text: str) -> Matcher:
    """The same text, but for blanks at the ends of lines and empty lines at the end."""
    want = _lines(text)
    return Matcher(
        lambda found: isinstance(found, str) and _lines(found) == want,
        lambda: t("the {number} lines given", number=len(want)),
        lambda found: _difference(want, found),
    )


def as_seen(value: object, percent: float = 0, *, once: float | None = None) -> Matcher:
    """This value, which is not shown, because the student is to find it out. A number may be `percent` off (what
    moves), text may differ in case and blanks. `number=as_seen(process.value("rss_mib"), percent=20)`

    `once`: what it may have been when it was noted, where the looking itself changes it (a counter, an average of
    packets): everything from there to the value is right, too.
    """

    def meets(found: object) -> bool:
        if isinstance(value, int | float) and isinstance(found, int | float):
            low, high = sorted((value, value if once is None else once))
            return low - abs(value) * percent / 100 <= found <= high + abs(value) * percent / 100
        if isinstance(value, str) and isinstance(found, str):
            return _unspaced(value) == _unspaced(found)
        return value is not None and same(value, found)

    def text() -> str:
        if not percent:
            return t("what there is to be seen")
        return t("what there is to be seen, give or take {percent} %", percent=show(percent))

    return Matcher(meets, text)


def _unspaced(text: str) -> list[str]:
    """The words of a text, in one case; blanks around a dash, a comma and the like say nothing."""
    return re.sub(r"\s*([-–,;:/=])\s*", r"\1", text.casefold()).replace("–", "-").split()


anything = Matcher(lambda found: not _empty(found), lambda: t("any value"))
"""There is some value: not none, not an empty list or text."""

absent = Matcher(lambda found: _empty(found), lambda: t("none"))
"""There is no value: none, or an empty list or text."""


def ends_with(text: str) -> Matcher:
    """A text whose end is this, blanks aside: `ends_with("reboot: Power down")`; of a log, what came last."""
    want = text.rstrip()
    return Matcher(
        lambda found: isinstance(found, str) and found.rstrip().endswith(want),
        lambda: t("{text} at its end", text=show(want)),
        lambda found: show(_lines(found)[-1]) if isinstance(found, str) and found.strip() else show(found),
    )


def _ordered(holds: Callable[[float], bool], text: Callable[[], str]) -> Matcher:
    return Matcher(lambda found: isinstance(found, int | float) and not isinstance(found, bool) and holds(found), text)


def _listed(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, Mapping) or _listed(value):
        return list(value)  # type: ignore[call-overload, no-any-return]
    return [value]


def _empty(value: object) -> bool:
    return value is None or (not isinstance(value, bool | int | float) and not value)


def _has(found: object, item: object) -> bool:
    if isinstance(found, Mapping) and isinstance(item, Mapping):
        return all(key in found and as_matcher(value).meets(found[key]) for key, value in item.items())
    if isinstance(found, str) and isinstance(item, str):
        return bool(item) and item in found
    if isinstance(found, str):
        return as_matcher(item).meets(found)
    return any(as_matcher(item).meets(have) for have in _items(found))


def _texts(items: Iterable[object]) -> str:
    return t(", ").join(as_matcher(item).text() for item in items)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _difference(want: list[str], found: object) -> str:
    if not isinstance(found, str):
        return show(found)
    have = _lines(found)
    for number in range(max(len(want), len(have))):
        line = have[number] if number < len(have) else None
        if number >= len(want) or line != want[number]:
            return t("line {number}: {line}", number=number + 1, line=show(line))
    return t("the {number} lines given", number=len(have))
