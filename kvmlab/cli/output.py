"""What a verb writes for programs: a JSON document on standard output, a file that was named."""

import sys
from pathlib import Path
from typing import Any

from kvmlab.errors import UsageError
from kvmlab.json_text import json_text
from kvmlab.paths import is_no_file, write_atomic
from kvmlab.words import t


def write_json(document: dict[str, Any], status: int = 0) -> int:
    """One JSON document on standard output, and nothing else, safe to look at; `status`."""
    sys.stdout.write(json_text(document))
    return status


def write_file(path: Path, text: str) -> None:
    """Into a file the user has named, which may be a device or a pipe; UsageError where that cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        import shlex

        message = t("{path} cannot be written: {error}.", path=path, error=error.strerror or error)
        raise UsageError(message, shlex.join(["ls", "-ld", str(path.parent)])) from None


def write_document(path: Path, document: dict[str, Any]) -> None:
    """A JSON document into a file the user has named: the whole of it or nothing, and for the user's eyes only.

    A device or a pipe is written to, and stays what it is.
    """
    text = json_text(document, indent=None)
    if is_no_file(path):
        write_file(path, text)
    else:
        write_atomic(path, text)
