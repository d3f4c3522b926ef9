"""Proof 12 from what was tried, and what script/faults.py keeps of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import pytest

from kvmlab.author.prove import general_case, kept_results
from kvmlab.author.prove.bench import Stopped
from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.general_case import QUIET, SHOWN, STUCK, judge_general
from kvmlab.author.prove.judgement import case_json
from kvmlab.author.prove.proof import Proof, ProofOutcome
from kvmlab.author.prove.result import CaseResult, TriedFault
from kvmlab.mutants.mutator import ChangeScripts, Mutant
from kvmlab.repair.general_kinds import FaultKind, Offered
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from kvmlab.author.prove.bench import Bench
    from kvmlab.repair.beginning import Beginning

TRIED = (
    TriedFault("general: pool a: stopped", 1, SHOWN, 2.0, ("pool a",)),
    TriedFault("general: pool a: undefined", 1, QUIET, 2.0),
    TriedFault("general: link br0: down", 1, STUCK, 2.0, ("host",)),
)
RESULT = CaseResult(Case(Proof.GENERAL, "general faults", "lab.md"), 0.0, 6.0, general=TRIED, solved="9f")


def test_only_what_was_seen_and_undone_is_shown() -> None:
    proof = judge_general([RESULT])
    assert (proof.outcome, proof.cases, proof.counts) == (ProofOutcome.PROVED, 3, {"offered": 3, "shown": 1})
    assert [one.case for one in proof.notes] == ["general: link br0: down"]
    assert judge_general([]).counts == {}


def test_what_shows_is_kept_of_the_course_s_own_values(tmp_path: Path) -> None:
    """Beside the script's own repository: it is run on a copy."""
    script = tmp_path / "script" / "faults.py"
    script.parent.mkdir()
    (tmp_path / "faults").mkdir()
    script.write_text((REPOSITORY / "script" / "faults.py").read_text())
    kept = tmp_path / "faults" / "shown.json"
    other = {"solved": "2c", "faults": {"general: x": 2}}
    kept.write_text(json.dumps({"b-two": other, "a-one": {"solved": "1b", "faults": {"general: y": 1}}}))
    labs = [{"lab": "a-one", "variant": variant, "cases": [case_json(RESULT)]} for variant in (None, "other")]
    labs[1]["lab"] = "c-three"
    (tmp_path / "one.json").write_text(json.dumps({"labs": labs}))
    done = subprocess.run([sys.executable, script, tmp_path / "one.json"], capture_output=True, text=True, check=True)
    assert done.stdout == "2 general faults show in 2 labs.\n"
    shown = {"solved": "9f", "faults": {"general: pool a: stopped": 1}}
    assert json.loads(kept.read_text()) == {"a-one": shown, "b-two": other}


def test_a_card_with_another_mac_address_on_the_next_lab_host_is_counted_once(tmp_path: Path) -> None:
    """Cards that are tried side by side are told apart all the same."""
    rows = [
        ("interface 52:54:00:00:00:01 of b: link down, live", SHOWN),
        ("interface 52:54:00:00:00:02 of a: link down, live", SHOWN),
        ("network a: stopped", STUCK),
        ("interface 52:54:00:00:00:03 of a: link down, live", SHOWN),
        ("interface 52:54:00:00:00:04 of a: link down, live", SHOWN),
    ]
    case = {"solved": "9f", "general": [{"id": name, "level": 1, "outcome": outcome} for name, outcome in rows]}
    (tmp_path / "one.json").write_text(json.dumps({"labs": [{"lab": "a", "variant": None, "cases": [case]}]}))
    (tmp_path / "script").mkdir()
    (tmp_path / "faults").mkdir()
    (tmp_path / "script" / "faults.py").write_text((REPOSITORY / "script" / "faults.py").read_text())
    done = subprocess.run(
        [sys.executable, tmp_path / "script/faults.py", tmp_path / "one.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3 general faults show in 1 labs.\n"


class Stopping:
    """A bench whose run is stopped while the first fault is tried; and all that trying it needs."""

    stopped = False
    noted: ClassVar[list[object]] = []
    offered = (Offered(Mutant("pool a: stopped", ChangeScripts("", "")), "pool", "a", FaultKind(1, {})),)

    def go_on(self) -> None:
        if self.stopped:
            raise Stopped


def test_what_was_cut_off_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lab host is swept away, so nothing can be undone there any more; with --resume it is tried again."""
    bench = Stopping()

    def swept_away(*_: object) -> tuple[str, tuple[str, ...]]:
        bench.stopped = True
        return STUCK, ()

    monkeypatch.setattr(general_case, "Drawing", lambda _beginning: bench)
    monkeypatch.setattr(general_case, "_attempt", swept_away)
    monkeypatch.setattr(kept_results, "note", lambda *row: bench.noted.append(row))
    tried: list[TriedFault] = []
    with pytest.raises(Stopped):
        general_case._attempts(cast("Bench", bench), RESULT.case, cast("Beginning", None), iter(()), tried)
    assert bench.noted == tried == []
