"""What a verb writes for programs: a JSON document on standard output, a file that was named."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from kvmlab.errors import UsageError
from kvmlab.words import t

_UNSEEN = "[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff]"
"""What JSON leaves as it is, and a terminal acts upon or cannot write (a file's name that is not UTF-8)."""


def write_json(document: dict[str, Any]) -> int:
    """One JSON document on standard output, and nothing else, safe to look at; exit status 0."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    sys.stdout.write(re.sub(_UNSEEN, lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
    return 0


def write_file(path: Path, text: str) -> None:
    """Into a file the user has named, which may be a device or a pipe; UsageError where that cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        import shlex

        message = t("{path} cannot be written: {error}.", path=path, error=error.strerror or error)
        raise UsageError(message, shlex.join(["ls", "-ld", str(path.parent)])) from None
