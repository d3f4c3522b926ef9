"""Markdown as the course's texts have it: CommonMark, in the tokens of markdown-it."""

from __future__ import annotations

from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@lru_cache(32)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, not to be changed: the variants of a lab have the same texts, read one after the other."""
    return tuple(_parser().parse(text))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")
