"""The course's book for the page: a chapter as HTML, and the sections in which words stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kvmlab.course.book import Book
from kvmlab.errors import UsageError
from kvmlab.page.prose import html
from kvmlab.words import t

Reader = Callable[[str], Book]
"""Gives the book in a language."""
MOST = 30
AROUND = 80
"""Characters of a section that are shown at each side of what was found."""


def chapter(read: Reader, lang: str, number: object) -> dict[str, Any]:
    """A chapter by its place from 0, and the titles of all. UsageError where there is none."""
    book = read(lang)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(book.chapters):
        raise UsageError(t("The book has no such chapter."), "kvmlab read")
    titles = [one.title for one in book.chapters]
    return {"number": number, "titles": titles, "html": html(_raised(book.chapters[number].text))}


def _raised(text: str) -> str:
    """Its sections one level higher: on a page of its own the chapter's title is the first heading."""
    return re.sub(r"^###(?= )", "##", text, flags=re.MULTILINE)


def places(read: Reader, lang: str, words: object) -> list[dict[str, Any]]:
    """The sections in which all the words stand, whatever their case."""
    wanted = words.casefold().split()[:10] if isinstance(words, str) and len(words) <= 200 else []
    return list(_places(read(lang), wanted))[:MOST] if wanted else []


def _places(book: Book, wanted: list[str]) -> Any:
    for number, one in enumerate(book.chapters):
        for part in one.sections:
            text = " ".join(f"{part.heading.text} {part.body.text}".split())
            low = text.casefold()
            if all(word in low for word in wanted):
                at = max(0, low.find(wanted[0]) - AROUND)
                excerpt = text[at : at + 2 * AROUND]
                yield {"number": number, "chapter": one.title, "heading": part.heading.text, "excerpt": f"…{excerpt}…"}
