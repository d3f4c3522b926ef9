"""What an author, or `kvmlab new`, has noted as still to be done: `TODO: …` in any file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kvmlab.safe_text import shown
from kvmlab.words import t

TODO = re.compile(r"\bTODO\b:?\s*(.*)")


def left_to_do(path: Path) -> Iterator[tuple[int, str]]:
    """Of each line of the file with such a note: its number, and a sentence that says the note."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if found := TODO.search(line):
            said = found[1].strip().removesuffix("#-->").removesuffix("-->").strip(' "')
            yield number, t("still to be done: {what}", what=shown(said, 100))
