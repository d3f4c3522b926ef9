"""A fact's value in words, as a student may safely see it."""

from __future__ import annotations

from collections.abc import Mapping

from kvmlab.safe_text import LIMIT, plain
from kvmlab.words import t


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
