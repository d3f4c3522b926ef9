"""Text of strangers (labs, students, lab hosts, guests) made harmless, by where it goes:

| into | by | what may not stand there |
| --- | --- | --- |
| a report, as a value | `plain` | is shown as an escape (`\\x1b`), so that no wrong value looks like the wanted one |
| a message, as a name | `shown` | becomes U+FFFD |
| a terminal, as prose or code | `clean`, `clean_code` | is dropped |
| a message, as a line of a guest's console | `console_line` | is dropped, with the colours of a boot |
| XML | `in_xml` | is shown as an escape; the writer of the XML quotes the rest |
| a cell of a spreadsheet | `in_cell` | nothing: what begins like a formula gets a `'` |

HTML is made by jinja2 with autoescape and by the DOM's textContent, JSON by json.dumps, logs of ours hold no such text.
"""

from __future__ import annotations

import re

LIMIT = 200  # characters of a value in a report
FORMULA = frozenset("=+-@\t\r")
"""What a text begins with that a spreadsheet takes for a formula."""
_NOT_XML = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NOT_OF_A_CONSOLE = r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e]"


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


def shown(text: object, most: int = 60) -> str:
    """`text` as it may stand in a message: on one line, without control characters, at most `most` characters."""
    safe = "".join(letter if letter.isprintable() else "�" for letter in str(text)[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def clean(text: str) -> str:
    """`text` without control characters (escape sequences, line ends, direction marks)."""
    return "".join(letter for letter in text.replace("\t", " ").replace("\n", " ") if letter.isprintable())


def clean_code(text: str) -> str:
    """Likewise of code: its blanks and line ends stay."""
    return "".join(letter for letter in text.expandtabs(4) if letter == "\n" or letter.isprintable())


def console_line(line: str) -> str:
    """A line of a serial console in ASCII, without escape sequences."""
    return re.sub(_NOT_OF_A_CONSOLE, "", line).strip()


def in_xml(text: str) -> str:
    """`text` without what XML 1.0 cannot say at all: control characters, lone surrogates."""
    return re.sub(_NOT_XML, lambda found: f"\\x{ord(found[0]):02x}", text)


def in_cell(text: str) -> str:
    """A cell of CSV, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text and text[0] in FORMULA else text
