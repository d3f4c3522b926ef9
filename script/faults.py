#!/usr/bin/env python3
"""script/faults.py FILE…: keep in faults/shown.json which general faults show, of documents of
`kvmlab prove --only general-faults --json`. A lab that is in none of them keeps what it had."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parent.parent / "faults" / "shown.json"
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def shown(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By lab, in the course's own values: of which solved state, the ids of those that show, and their levels."""
    found: dict[str, dict[str, Any]] = {}
    for lab in (one for one in document["labs"] if one["variant"] is None):
        for case in (one for one in lab["cases"] if one.get("general")):
            faults = {row["id"]: row["level"] for row in _once(case["general"]) if row["outcome"] == "shown"}
            found[lab["lab"]] = {"solved": case["solved"], "faults": dict(sorted(faults.items()))}
    return found


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that were tried again on the next lab host, after one was not undone, because libvirt had drawn
    another MAC address there."""
    stuck = [number for number, row in enumerate(rows) if row["outcome"] == "not undone"]
    last = stuck[-1] if stuck else -1
    again = {MAC.sub("", row["id"]) for row in rows[last + 1 :]}
    return [row for number, row in enumerate(rows) if number > last or MAC.sub("", row["id"]) not in again]


def main() -> None:
    """See the head of this file."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in sys.argv[1:]:
        kept |= shown(json.loads(Path(name).read_text(encoding="utf-8")))
    KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{sum(len(one['faults']) for one in kept.values())} general faults show in {len(kept)} labs.")


if __name__ == "__main__":
    main()
