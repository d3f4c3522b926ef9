#!/usr/bin/env python3
"""script/proved.py: the table of what was proved, between the marks of benchmarks/README.md, made of proved.json.

--keep FILE…    first put into that file what these documents of `kvmlab prove --json` say, a lab and proof in several
                added up; what was kept of other labs and proofs stays
--at COMMIT     the commit they were proved at (the one checked out)
--show FILE…    only print the table of these documents
--check         change nothing; 1 where that table is not the one of the file
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README, KEPT = ROOT / "benchmarks" / "README.md", ROOT / "benchmarks" / "proved.json"
BEGIN, END = "<!-- proved: begin (script/proved.py) -->\n", "<!-- proved: end -->\n"
ORDER = ("proved", "unknown", "refuted")
COUNTED = ("tried", "caught", "explained", "drawn")
Entry = dict[str, Any]
Kept = dict[str, dict[str, Entry]]
"""By lab and by the number of the proof: its outcome, cases, counts, and the commit."""


def entries_of(documents: Iterable[dict[str, Any]], commit: str) -> Kept:
    """What these documents say of each lab and proof, over all its variants."""
    kept: Kept = {}
    for lab in (lab for document in documents for lab in document["labs"]):
        for proof in lab["proofs"]:
            start = {"outcome": "proved", "cases": 0, "at": commit}
            entry = kept.setdefault(lab["lab"], {}).setdefault(str(proof["number"]), start)
            entry["outcome"] = max(entry["outcome"], proof["outcome"], key=ORDER.index)
            entry["cases"] += proof["cases"]
            for name in COUNTED:
                if name in proof.get("counts", {}):
                    entry[name] = entry.get(name, 0) + proof["counts"][name]
    return kept


def joined(kept: Kept, new: Kept) -> Kept:
    """What was kept, with the new in place of the old, by lab and proof."""
    labs = {**kept, **{lab: {**kept.get(lab, {}), **proofs} for lab, proofs in new.items()}}
    return {lab: dict(sorted(proofs.items(), key=lambda one: int(one[0]))) for lab, proofs in sorted(labs.items())}


def table(kept: Kept) -> str:
    """What is kept as Markdown, a row a lab, with the sums; of none it says so."""
    if not kept:
        return "Nothing is kept yet: a run of `script/night` fills this in.\n"
    heads = ("lab", "proofs", "cases", "mutants tried", "caught", "explained", "at", "")
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |"]
    lines += [_row(lab, [*proofs], list(proofs.values()), outcome_of(proofs.values())) for lab, proofs in kept.items()]
    whole = sum(outcome_of(proofs.values()) == "proved" for proofs in kept.values())
    everything = [entry | {"at": "", "drawn": 0} for proofs in kept.values() for entry in proofs.values()]
    lines.append(_row("all", [], everything, f"{whole} of {len(kept)} proved"))
    return "\n".join(lines) + "\n"


def outcome_of(entries: Iterable[Entry]) -> str:
    """The worst of them."""
    return max((str(entry["outcome"]) for entry in entries), key=ORDER.index)


def _row(name: str, proofs: list[str], entries: list[Entry], outcome: str) -> str:
    mutants = [entry for entry in entries if "tried" in entry]
    cases = sum(entry["cases"] for entry in entries if "tried" not in entry)
    counts = [str(sum(entry[key] for entry in mutants)) if mutants else "" for key in COUNTED[:3]]
    if any(entry.get("drawn") for entry in mutants):
        counts[0] += " drawn"
    commits = ", ".join(dict.fromkeys(entry["at"] for entry in entries if entry["at"]))
    cells = [name, _numbers([int(one) for one in proofs]), str(cases), *counts, commits, outcome]
    return f"| {' | '.join(cells)} |"


def _numbers(proofs: list[int]) -> str:
    """1, 2, 3, 7 as "1-3, 7"."""
    runs: list[list[int]] = []
    for number in proofs:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def readme_with(text: str, kept: Kept) -> str:
    """That README with the table put between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"proved: benchmarks/README.md has no lines {BEGIN.strip()} and {END.strip()}")
    return before + begin + table(kept) + end + after


def checked_out() -> str:
    """The commit of the files here, short; with a + where they were changed since."""
    asked = ("git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*")
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--keep", "--show"):
        parser.add_argument(name, nargs="+", type=Path, default=[], metavar="FILE")
    parser.add_argument("--at", metavar="COMMIT")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    found = entries_of((json.loads(path.read_text()) for path in args.keep or args.show), args.at or checked_out())
    if args.show:
        print(table(joined({}, found)), end="")
        return 0
    kept = json.loads(KEPT.read_text())
    if args.keep:
        kept = joined(kept, found)
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    text = README.read_text(encoding="utf-8")
    other = readme_with(text, kept)
    if args.check:
        return int(other != text)
    README.write_text(other, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
