"""Front matter: TOML between two `+++` lines at the top of a Markdown file; errors name file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from kvmlab.course.source import Piece, Place, Source
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t

Fields = Mapping[str, type | tuple[type, ...]]

_HEAD = re.compile(r"\s*(\[\[?)\s*([\w.\"'-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w\"'-]+)\s*=")


class Front(NamedTuple):
    """A file's front matter and the text below it."""

    source: Source
    table: dict[str, Any]
    lines: dict[tuple[str, int, str], int]
    body: Piece

    def place(self, table: str = "", index: int = 0, key: str = "") -> Place:
        """Where `key` of the `index`-th `[[table]]` stands, else the table, else the first line."""
        for wanted in ((table, index, key), (table, index, ""), ("", 0, table)):
            if wanted in self.lines:
                return self.source.at(self.lines[wanted])
        return self.source.at(1)


def read_front(source: Source, *, needed: bool = True) -> Front:
    """Split `source`; without `needed` a file that has no front matter is all text."""
    lines = source.text.split("\n")
    if lines[0].rstrip() != "+++":
        if needed:
            raise source.error(1, t("has to begin with front matter: TOML between two lines `+++`."))
        return Front(source, {}, {}, Piece(source.text, source.at(1)))
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "+++"), None)
    if end is None:
        raise source.error(1, t("the front matter has no closing line `+++`."))
    head = lines[1:end]
    body = Piece("\n".join(lines[end + 1 :]), source.at(end + 2))
    return Front(source, _toml(source, "\n".join(head) + "\n"), _where(head), body)


def _toml(source: Source, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        # the first line is `+++`, so TOML's line n is the file's line n + 1
        line = int(found[1]) + 1 if found else text.count("\n") + 1
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise source.error(line, t("TOML: {reason}.", reason=shown(reason, 120))) from None


def _where(head: list[str]) -> dict[tuple[str, int, str], int]:
    """The line of each key: (table, which of several, key). A table's own line has the key ""."""
    found: dict[tuple[str, int, str], int] = {}
    counts: dict[str, int] = {}
    table, index = "", 0
    for number, line in enumerate(head, 2):
        if match := _HEAD.match(line):
            table = re.sub("[\"']", "", match[2])
            index = counts.get(table, 0)
            counts[table] = index + (match[1] == "[[")
            found.setdefault((table, index, ""), number)
        elif match := _KEY.match(line):
            found.setdefault((table, index, match[1].strip("\"'")), number)
    return found


def check_fields(
    front: Front, table: object, fields: Fields, needed: tuple[str, ...] = (), *, at: str = "", index: int = 0
) -> dict[str, Any]:
    """`table` if it has no unknown key, no value of a wrong type and lacks none of `needed`."""
    if not isinstance(table, dict):
        raise front.place(at, index).error(t("`{name}` has to be a table.", name=at))
    for key, found in table.items():
        place = front.place(at, index, key)
        if key not in fields:
            meant = nearest(key, fields)
            tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
            raise place.error(t("`{name}` is not known here.", name=shown(key)) + tail)
        if not fits(found, fields[key]):
            wanted = _kind(fields[key])
            raise place.error(
                t("`{name}` has to be {wanted}, not {found}.", name=key, wanted=wanted, found=_kind(type(found)))
            )
    for key in needed:
        if key not in table:
            raise front.place(at, index).error(t("`{name}` is missing.", name=key))
    return table


def fits(value: object, kinds: type | tuple[type, ...]) -> bool:
    """Whether a TOML value is of one of `kinds`; true and false are not numbers."""
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    return type(value) in wanted


def _kind(kinds: type | tuple[type, ...]) -> str:
    words = {
        str: t("text"),
        int: t("a whole number"),
        float: t("a number"),
        bool: t("true or false"),
        list: t("a list"),
        dict: t("a table"),
    }
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    return " / ".join(words.get(kind, kind.__name__) for kind in wanted)
