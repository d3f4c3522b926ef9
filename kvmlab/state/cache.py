"""A cache: a value in a JSON file, under a stamp of all that it hangs on.

It is never trusted: a file that is damaged, or has another shape, is none; and one that cannot be written (a full
disk) costs time, not the command.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kvmlab.errors import CannotRun
from kvmlab.json_text import json_text
from kvmlab.paths import write_atomic


def load(path: Path, fresh: Callable[[Any], bool]) -> Any:
    """What was saved there, if `fresh` holds of the stamp it was saved under, else None. `fresh` may fail on a stamp
    that is none of its own."""
    stamp, value = _entry(path)
    try:
        return value if fresh(stamp) else None
    except (KeyError, TypeError, AttributeError):
        return None


def stamp_of(path: Path) -> Any:
    """The stamp of what was saved there, good or not; None where nothing was."""
    return _entry(path)[0]


def save(path: Path, stamp: object, value: object) -> None:
    """Keep `value`, plain data, for the next process, in place of an earlier one."""
    with contextlib.suppress(CannotRun, OSError, ValueError):
        write_atomic(path, json_text({"for": stamp, "found": value}, indent=None), durable=False)


def _entry(path: Path) -> tuple[Any, Any]:
    try:
        entry = json.loads(path.read_bytes())
        return entry["for"], entry["found"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None, None
