#!/usr/bin/env python3
"""script/faults.py FILE…: keep in faults/shown.json which general faults show, of documents of
`kvmlab prove --only general-faults --json`. A lab that is in none of them keeps what it had."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parent.parent / "faults" / "shown.json"


def shown(document: dict[str, Any]) -> dict[str, dict[str, int]]:
    """By lab, in the course's own values: the ids of those that show, and their levels."""
    found: dict[str, dict[str, int]] = {}
    for lab in (one for one in document["labs"] if one["variant"] is None):
        rows = [row for case in lab["cases"] for row in case.get("general", [])]
        if rows:
            found[lab["lab"]] = {row["id"]: row["level"] for row in rows if row["outcome"] == "shown"}
    return found


def main() -> None:
    """See the head of this file."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in sys.argv[1:]:
        kept |= shown(json.loads(Path(name).read_text(encoding="utf-8")))
    KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{sum(map(len, kept.values()))} general faults show in {len(kept)} labs.")


if __name__ == "__main__":
    main()
