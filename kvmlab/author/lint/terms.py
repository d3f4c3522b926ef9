"""Rules for terms: labs/terms.LANG.toml says which word a thing has in the translation, and which are rejected.

Rejected: a list in the engine. Terms are the course's; another course, about something else, has others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kvmlab.author.lint.fault import LintFinding
from kvmlab.errors import AuthorError
from kvmlab.words import t

_LISTS = ("rejected", "allowed")


class Term(NamedTuple):
    """A thing: its English and its Chinese word, words rejected for it, phrases in which these are meant."""

    english: str
    chinese: str
    rejected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def found(self, line: str) -> list[str]:
        """The rejected words in a line."""
        for phrase in self.allowed:
            line = line.replace(phrase, "")
        return [word for word in self.rejected if word in line]


def terms_file(root: Path, lang: str) -> Path:
    """labs/terms.LANG.toml."""
    return root / "labs" / f"terms.{lang}.toml"


def read_terms(path: Path, root: Path) -> list[Term]:
    """The table; no such file: empty. Broken: AuthorError that begins with the file."""
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("term", [])
        return [_term(one) for one in entries]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        message = t("{file}:1: not a table of terms: {reason}.", file=path.relative_to(root), reason=str(error))
        raise AuthorError(message) from None


def _term(entry: dict[str, object]) -> Term:
    words = {name: entry.get(name, []) for name in _LISTS}
    for name, found in words.items():
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            raise TypeError(f"`{name}`")
    unknown = entry.keys() - {"english", "chinese", *_LISTS}
    if unknown:
        raise KeyError(min(unknown))
    return Term(str(entry["english"]), str(entry["chinese"]), *(tuple(words[name]) for name in _LISTS))  # type: ignore[arg-type]


def lint_terms(root: Path, lang: str) -> Iterator[LintFinding]:
    """Every rejected word in the course's texts of a language and in the sentences of its checkers."""
    terms = read_terms(terms_file(root, lang), root)
    for path in _texts(root, lang) if terms else ():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for term, word in _rejected(terms, line):
                names = {"term": term.chinese, "english": term.english}
                message = t("`{word}`: here it is `{term}` ({english}).", word=word, **names)
                yield LintFinding(str(path.relative_to(root)), number, "terms", message)


def _rejected(terms: Sequence[Term], line: str) -> Iterator[tuple[Term, str]]:
    for term in terms:
        for word in term.found(line):
            yield term, word


def _texts(root: Path, lang: str) -> list[Path]:
    """The book, labs and quizzes in this language, and the checkers, whose sentences are in both."""
    book = root / f"course.{lang}.md"
    return [
        *([book] if book.is_file() else []),
        *sorted((root / "labs").rglob(f"*.{lang}.md")),
        *sorted((root / "checkers").rglob("*.py")),
    ]
