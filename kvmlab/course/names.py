"""Names that come from outside: which are allowed, and how they are shown."""

from __future__ import annotations

import re

CHAPTER = re.compile(r"[a-z][a-z0-9]{0,31}")
LAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
TASK = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
OBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
VARIANT = re.compile(r"[\w.@+-]{1,64}")


def shown(text: object, most: int = 60) -> str:
    """`text` as it may stand in a message: on one line, without control characters, at most `most` characters."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in str(text)[: most + 1])
    return clean if len(clean) <= most else clean[: most - 1] + "…"
