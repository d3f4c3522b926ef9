#!/usr/bin/env python3
"""script/proved.py: the table of what was proved, between the marks of benchmarks/README.md, made of proved.json.

--keep FILE…    first make that file of these documents of `kvmlab prove --json` (a lab in several: the worst)
--show FILE…    only print the table of these documents
--check         change nothing; 1 where that table is not the one of the file
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README, KEPT = ROOT / "benchmarks" / "README.md", ROOT / "benchmarks" / "proved.json"
BEGIN, END = "<!-- proved: begin (script/proved.py) -->\n", "<!-- proved: end -->\n"
ORDER = ("proved", "unknown", "refuted")
Row = dict[str, Any]


def rows_of(documents: Iterable[dict[str, Any]]) -> dict[str, Row]:
    """What is counted of each lab, over all its variants and documents."""
    rows: dict[str, Row] = {}
    for lab in (lab for document in documents for lab in document["labs"]):
        row = rows.setdefault(lab["lab"], {"outcome": "proved", "proofs": [], "proved": [], "cases": 0, "seconds": 0})
        row["outcome"] = max(row["outcome"], lab["outcome"], key=ORDER.index)
        refuted = {*row["proofs"]} - {*row["proved"]}
        refuted |= {proof["number"] for proof in lab["proofs"] if proof["outcome"] != "proved"}
        row["proofs"] = sorted({*row["proofs"], *(proof["number"] for proof in lab["proofs"])})
        row["proved"] = sorted({*row["proofs"]} - refuted)
        row["seconds"] += round(sum(case["seconds"] for case in lab["cases"]))
        row["cases"] += sum(case["proof"] != "mutants" for case in lab["cases"])
        for proof in lab["proofs"]:
            for name, number in proof.get("counts", {}).items():
                row[name] = row.get(name, 0) + number
    return dict(sorted(rows.items()))


def table(rows: dict[str, Row]) -> str:
    """The rows as Markdown, with their sums; of none it says so."""
    if not rows:
        return "Nothing is kept yet: a whole run of `script/night` fills this in.\n"
    heads = ("lab", "proofs", "cases", "mutants tried", "caught", "explained", "")
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | ---: | ---: | ---: | ---: | --- |"]
    lines += [_line(name, row) for name, row in rows.items()]
    names = ("cases", "tried", "caught", "explained")
    sums: Row = {name: sum(row.get(name, 0) for row in rows.values()) for name in names}
    if any("tried" not in row for row in rows.values()):
        sums = {name: value for name, value in sums.items() if value}
    whole = sum(row["outcome"] == "proved" for row in rows.values())
    return "\n".join([*lines, _line("all", {**sums, "proofs": [], "outcome": f"{whole} of {len(rows)} proved"})]) + "\n"


def _line(name: str, row: Row) -> str:
    counts = [str(row.get(key, "")) for key in ("cases", "tried", "caught", "explained")]
    return f"| {name} | {_numbers(row['proofs'])} | {' | '.join(counts)} | {row['outcome']} |"


def _numbers(proofs: list[int]) -> str:
    """1, 2, 3, 7 as "1-3, 7"."""
    runs: list[list[int]] = []
    for number in proofs:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def readme_with(text: str, rows: dict[str, Row]) -> str:
    """That README with the table put between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"proved: benchmarks/README.md has no lines {BEGIN.strip()} and {END.strip()}")
    return before + begin + table(rows) + end + after


def main() -> int:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--keep", "--show"):
        parser.add_argument(name, nargs="+", type=Path, default=[], metavar="FILE")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.show:
        print(table(rows_of(json.loads(path.read_text()) for path in args.show)), end="")
        return 0
    if args.keep:
        found = rows_of(json.loads(path.read_text()) for path in args.keep)
        KEPT.write_text(json.dumps(found, indent=1) + "\n")
    text = README.read_text(encoding="utf-8")
    other = readme_with(text, json.loads(KEPT.read_text()))
    if args.check:
        return int(other != text)
    README.write_text(other, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
