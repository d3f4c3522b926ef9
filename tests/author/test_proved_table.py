"""The table of what was proved is made by script/proved.py of kept figures, and those of prove's JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, our_course

SCRIPT = REPOSITORY / "script" / "proved.py"


def proof(number: int, **counts: int) -> dict[str, Any]:
    """One proof in prove's document."""
    return {"number": number, "outcome": "proved", **({"counts": counts} if counts else {})}


def lab(name: str, *proofs: dict[str, Any], outcome: str = "proved", kind: str = "ways") -> dict[str, Any]:
    """One lab in prove's document, with two cases."""
    return {"lab": name, "outcome": outcome, "proofs": list(proofs), "cases": [{"proof": kind, "seconds": 3.2}] * 2}


def shown(tmp_path: Path, *documents: list[dict[str, Any]]) -> list[str]:
    """The lines of the table of these documents."""
    files = []
    for number, labs in enumerate(documents):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps({"labs": labs}))
    done = subprocess.run([sys.executable, SCRIPT, "--show", *files], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_row_a_lab_over_all_documents(tmp_path: Path) -> None:
    """Cases and mutants are added up, the worst outcome counts, and the last row has the sums."""
    mutants = lab("b-two", proof(9, tried=30, caught=28, explained=2, not_made=4), kind="mutants")
    usual = [proof(number) for number in (1, 2, 3, 5)]
    own = [lab("b-two", *usual), lab("a-one", proof(1), outcome="refuted")]
    rows = shown(tmp_path, own, [lab("b-two", *usual), mutants])
    assert rows[2:] == [
        "| a-one | 1 | 2 |  |  |  | refuted |",
        "| b-two | 1-3, 5, 9 | 4 | 30 | 28 | 2 | proved |",
        "| all |  | 6 | 30 | 28 | 2 | 1 of 2 proved |",
    ]


def test_the_readme_has_it() -> None:
    """In step with the kept figures, which are of labs of this course."""
    assert subprocess.run([sys.executable, SCRIPT, "--check"]).returncode == 0
    kept = json.loads((REPOSITORY / "benchmarks" / "proved.json").read_text())
    assert set(kept) <= set(our_course().ids)
