"""Values as text a student may safely see: capped, on one line, nothing in it that a terminal obeys.

What is shown comes from guests and hosts in a student's hands and is hostile: escape sequences, bidirectional
overrides, newlines, gigabytes. What cannot be printed is shown as an escape (`\\x1b`) rather than
dropped, so that a wrong value never looks like the wanted one.
"""

from __future__ import annotations

from collections.abc import Mapping

from kvmlab.words import t

LIMIT = 200  # characters of a value in a report


def plain(text: str, limit: int = LIMIT) -> str:
    """`text` on one line, at most `limit` characters, with control, escape and bidi characters made visible."""
    cut = text[: limit + 1]  # first, so that a gigabyte costs nothing
    if not cut.isprintable():
        cut = "".join(_visible(character) for character in cut)
    return cut if len(cut) <= limit else cut[: max(limit - 1, 0)].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\u00a0\u3000":  # the blanks of French and Chinese text
        return " "
    return character.encode("unicode_escape").decode("ascii")


def show(value: object, limit: int = LIMIT) -> str:
    """A fact's value in words: `none`, `yes`, `10.0.0.12/24, 10.0.0.13/24`, `br0`; at most `limit` characters."""
    return plain(_words(value, limit), limit)


def _words(value: object, limit: int) -> str:
    if value is None or value == [] or value == () or value == {}:
        return t("none")
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, str):
        return value[: limit + 1] if value else t("empty")
    if isinstance(value, Mapping):
        return _joined([f"{show(key, limit)} → {show(item, limit)}" for key, item in _first(value.items(), limit)])
    if isinstance(value, set | frozenset):
        return _joined(sorted(show(item, limit) for item in value))
    if isinstance(value, list | tuple):
        return _joined([show(item, limit) for item in value[:limit]])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[: limit + 1]


def _first(items: object, limit: int) -> list[tuple[object, object]]:
    from itertools import islice

    return list(islice(items, limit))  # type: ignore[call-overload]


def _joined(parts: list[str]) -> str:
    return t(", ").join(parts)
