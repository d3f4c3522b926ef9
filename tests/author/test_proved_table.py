"""The table of what was proved is made by script/proved.py of kept figures, and those of prove's JSON."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, our_course

SCRIPT = REPOSITORY / "script" / "proved.py"


def proof(number: int, cases: int = 2, outcome: str = "proved", **counts: int) -> dict[str, Any]:
    """One proof in prove's document."""
    return {"number": number, "outcome": outcome, "cases": cases, **({"counts": counts} if counts else {})}


def document(tmp_path: Path, *labs: tuple[str, list[dict[str, Any]]]) -> Path:
    """A document of prove's, in a file."""
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    path.write_text(json.dumps({"labs": [{"lab": name, "proofs": proofs} for name, proofs in labs]}))
    return path


def test_a_row_a_lab_over_all_documents(tmp_path: Path) -> None:
    """Cases and mutants are added up, the worst outcome counts, and the last row has the sums."""
    usual = [proof(number) for number in (1, 2, 3, 5)]
    own = document(tmp_path, ("b-two", usual), ("a-one", [proof(1), proof(9, 5, outcome="refuted", tried=5, caught=4,
                                                                           explained=0, drawn=5)]))  # fmt: skip
    more = document(tmp_path, ("b-two", usual), ("b-two", [proof(9, 30, tried=30, caught=28, explained=2, drawn=0)]))
    argv = [sys.executable, str(SCRIPT), "--at", "abc1234", "--show", str(own), str(more)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[2:] == [
        "| a-one | 1, 9 | 2 | 5 drawn | 4 | 0 | abc1234 | refuted |",
        "| b-two | 1-3, 5, 9 | 16 | 30 | 28 | 2 | abc1234 | proved |",
        "| all |  | 18 | 35 | 32 | 2 |  | 1 of 2 proved |",
    ]


def test_what_is_kept_is_replaced_by_lab_and_proof() -> None:
    """And only that; a row names each commit that something of it was proved at."""
    script = runpy.run_path(str(SCRIPT))
    old = script["entries_of"]([{"labs": [{"lab": "a", "proofs": [proof(1), proof(3, outcome="refuted")]}]}], "old")
    new = script["entries_of"]([{"labs": [{"lab": "a", "proofs": [proof(3, 4)]}]}], "new")
    assert (
        script["table"](script["joined"](old, new)).splitlines()[2] == "| a | 1, 3 | 6 |  |  |  | old, new | proved |"
    )


def test_the_readme_has_it() -> None:
    """In step with the kept figures, which are of labs of this course."""
    assert subprocess.run([sys.executable, SCRIPT, "--check"]).returncode == 0
    kept = json.loads((REPOSITORY / "benchmarks" / "proved.json").read_text())
    assert set(kept) <= set(our_course().ids)
