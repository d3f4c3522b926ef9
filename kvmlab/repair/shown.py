"""General faults that were seen to show: faults/shown.json of a course, written by script/faults.py of what
`kvmlab prove --only general-faults` has found. Only they are counted; and they are drawn first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FILE = "faults/shown.json"


def shown_in(root: Path) -> dict[str, Mapping[str, int]]:
    """Of the course at `root`: by lab, the ids of those that show and their levels. None where nothing is kept."""
    try:
        rows = json.loads((root / FILE).read_text(encoding="utf-8"))
        return {str(lab): {str(name): int(level) for name, level in found.items()} for lab, found in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
