"""`python -m benchmarks`: see script/bench."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import REPOSITORY, Row

PARTS = ("start", "vagrant", "check", "rehearse", "verbs", "greed", "grow", "class", "page")


def main() -> int:
    """Measure the parts asked for and print one table; 1 when a ratio that was wanted is not reached."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (7; vagrant: 3)")
    parser.add_argument("--students", type=int, default=30, help="class: how many there are at most (30)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    rows = [row for part in args.parts or PARTS for row in _part(part, args.students)(args.rounds)]

    from benchmarks import table

    print(f"{table.computer()}\n\n{table.text(rows)}")
    if args.json:
        args.json.write_text(json.dumps(table.document(rows), indent=1, ensure_ascii=False) + "\n")
    return int(any(row.held is False for row in rows))


def _part(name: str, students: int) -> Callable[[int], list[Row]]:
    from benchmarks import checking, classes, greed, growing, page, rehearsing, starting, vagrant, verbs

    parts: dict[str, Callable[[int], list[Row]]] = {
        "start": starting.rows,
        "vagrant": lambda rounds: vagrant.rows(min(rounds, 3)),
        "check": lambda rounds: checking.rows(rounds * 2),
        "rehearse": lambda rounds: rehearsing.rows(min(rounds, 3)),
        "verbs": lambda rounds: verbs.rows(rounds * 3),
        "greed": greed.rows,
        "grow": lambda _rounds: growing.rows(),
        "page": lambda rounds: page.rows(min(rounds, 5)),
        "class": lambda rounds: classes.rows(min(rounds, 3), students),
    }
    return parts[name]


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    raise SystemExit(main())
