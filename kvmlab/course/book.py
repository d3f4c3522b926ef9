"""The course's book: course.md and course.zh.md, a `## ` section a chapter, each `### ` section ending in its lab.

Chapters of the header and sections of the text belong together by their titles.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from kvmlab.course.front_matter import read_front
from kvmlab.course.headings import HeadedText, groups, split
from kvmlab.course.source import Place, read_source

LAB_LINE = re.compile(r"(?:Labs?:|实验：)\s*((?:`[a-z0-9-]+`[,，、 ]*)+)\s*")
"""The line a section ends in: Lab: `storage-pool`"""


class BookChapter(NamedTuple):
    """A chapter's text, in Markdown with its headings, and the headings of its sections."""

    title: str
    text: str
    sections: tuple[HeadedText, ...]
    place: Place

    @property
    def labs(self) -> tuple[str, ...]:
        """The labs that its sections end in, in order."""
        lines = (LAB_LINE.fullmatch(line) for line in self.text.split("\n"))
        return tuple(name for found in lines if found for name in re.findall(r"`([a-z0-9-]+)`", found[1]))


class Book(NamedTuple):
    """What stands before the first chapter, and the chapters."""

    lang: str
    intro: str
    chapters: tuple[BookChapter, ...]

    def chapter(self, title: str) -> BookChapter | None:
        """The chapter of that title."""
        return next((one for one in self.chapters if one.title == title), None)


def book_file(root: Path, lang: str = "en") -> Path:
    """course.md, or its translation."""
    return root / ("course.md" if lang == "en" else f"course.{lang}.md")


def read_book(root: Path, lang: str = "en") -> Book:
    """The book in `lang`; without a translation, in English. Broken: AuthorError with file:line."""
    path = book_file(root, lang)
    if not path.is_file():
        lang, path = "en", book_file(root)
    front = read_front(read_source(path, root), needed=False)
    intro, parts = split(front.body)
    return Book(lang, intro.text, tuple(_chapter(group) for group in groups(parts)))


def _chapter(group: list[HeadedText]) -> BookChapter:
    head, *sections = group
    pieces = [head.body.text, *(f"### {one.heading.text}\n\n{one.body.text}" for one in sections)]
    return BookChapter(head.heading.text, "\n\n".join(pieces).strip(), tuple(sections), head.place)
