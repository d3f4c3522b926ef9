"""`kvmlab prove` on real lab hosts: a sound lab is proved, planted faults are refuted, nothing is ever left."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from kvmlab.author.prove.proof import Proof
from kvmlab.paths import State
from tests.author.planting import HERE, changes_of, plant, planted_in
from tests.conftest import Kvmlab

# Each proof runs as many lab hosts as this computer carries: one proof at a time.
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]

PLANTED = planted_in("planted_proofs.toml")
TINY = ("--course", str(HERE))


def leftovers(state: State) -> list[str]:
    """Run directories, records and locks of runs of prove."""
    return [str(path) for name in ("run", "labs", "locks") for path in getattr(state, name).glob("*_prove*")]


def document(done: Any) -> dict[str, Any]:
    """The one JSON document on standard output."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_sound_lab_is_proved(kvmlab: Kvmlab) -> None:
    """All of them, also in a variant; nothing is left. A second run takes all of it over."""
    done = kvmlab(*TINY, "prove", "--json", "--jobs", "4", "--variants", "1", timeout_s=600)
    assert done.returncode == 0, done.stdout + done.stderr
    found = document(done)
    assert found["schema"] == "kvmlab.prove/1" and found["outcome"] == "proved"
    assert [lab["variant"] is None for lab in found["labs"]] == [True, False]
    for lab in found["labs"]:
        assert [proof["number"] for proof in lab["proofs"]] == [proof.number for proof in Proof if proof.usual]
    assert kvmlab.containers() == [] and leftovers(kvmlab.state) == []
    again = document(kvmlab(*TINY, "prove", "--json", "--resume", timeout_s=60))["labs"][0]
    assert again["outcome"] == "proved" and all(case["taken_over"] for case in again["cases"])
    assert [proof["wrong"] for proof in again["proofs"]] == [proof["wrong"] for proof in found["labs"][0]["proofs"]]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: str(planted["name"]).replace(" ", "-"))
def test_refutes(tmp_path: Path, kvmlab: Kvmlab, planted: dict[str, Any]) -> None:
    """The planted fault is told, by the proof that is for it."""
    plant(tmp_path, *changes_of(planted))
    argv = ("--course", str(tmp_path / "course"), "prove", "--json", "--only", planted["proof"])
    # What is wrong is waited for to the deadline, which a busy computer would stretch for nothing.
    done = kvmlab(*argv, timeout_s=600, env={"KVMLAB_PATIENCE": "1"})
    assert done.returncode == 1, done.stdout + done.stderr
    wrong = [remark for proof in document(done)["labs"][0]["proofs"] for remark in proof["wrong"]]
    assert any(one["case"] == planted["case"] and planted["says"] in one["what"] for one in wrong), wrong


def test_what_begins_with_new_is_proved(tmp_path: Path, kvmlab: Kvmlab) -> None:
    """An author starts from something right."""
    (tmp_path / "course" / "labs").mkdir(parents=True)
    (tmp_path / "course" / "course.md").write_text("# A course\n")
    course = ("--course", str(tmp_path / "course"))
    assert kvmlab(*course, "new", "net-vlan").returncode == 0
    done = kvmlab(*course, "prove", "net-vlan", timeout_s=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_students_lab_is_left_alone(kvmlab: Kvmlab) -> None:
    """Proving a lab that runs does not touch the one that runs."""
    kvmlab(*TINY, "start", "tiny-note")
    kvmlab(*TINY, "exec", "tiny-note", "--", "touch", "/root/mine")
    before = kvmlab.containers()
    assert kvmlab(*TINY, "prove", "--only", "start", "--only", "reset", timeout_s=600).returncode == 0
    assert kvmlab.containers() == before
    assert kvmlab(*TINY, "exec", "tiny-note", "--", "cat", "/root/mine").returncode == 0


def test_mutants(kvmlab: Kvmlab) -> None:
    """Each small change of a sound lab is caught or explained; drawn, kept, and taken over one by one."""
    done = kvmlab(*TINY, "prove", "--json", "--only", "mutants", timeout_s=600)
    assert done.returncode == 0, done.stdout + done.stderr
    proof = document(done)["labs"][0]["proofs"][0]
    counts = proof["counts"]
    assert counts["tried"] == counts["caught"] + counts["explained"] and counts["explained"] == 2 and not proof["notes"]
    part = ("prove", "--json", "--only", "mutants", "--mutants", "3", "--shuffle", "a")
    first, again = (document(kvmlab(*TINY, *part, timeout_s=600))["labs"][0]["cases"][0]["mutants"] for _ in range(2))
    assert [one["name"] for one in first] == [one["name"] for one in again] and len(first) == 3
    assert kvmlab.containers() == [] and leftovers(kvmlab.state) == []


def begun(kvmlab: Kvmlab) -> Any:
    """A run of prove that has lab hosts."""
    process = kvmlab.begin(*TINY, "prove", "--jobs", "3")
    until = time.monotonic() + 120
    while len(kvmlab.containers()) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(kvmlab.containers()) >= 3
    return process


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(kvmlab: Kvmlab, how: signal.Signals) -> None:
    """Ctrl-C and kill: 130, soon, and nothing is left."""
    process = begun(kvmlab)
    process.send_signal(how)
    process.communicate(timeout=180)
    assert process.returncode == 130
    assert kvmlab.containers() == [] and leftovers(kvmlab.state) == []


def test_killed(kvmlab: Kvmlab) -> None:
    """kill -9: the next run removes what the dead one left, and not what another that lives has."""
    dead, alive = begun(kvmlab), begun(kvmlab)
    dead.kill()
    dead.communicate()
    left = {found["name"] for found in kvmlab.containers()}
    done = kvmlab(*TINY, "prove", "--only", "ways", timeout_s=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert alive.poll() in (None, 0), "the other run goes on, or has ended well"
    still = {found["name"] for found in kvmlab.containers()}
    assert left - still, "the dead run's lab hosts are gone"
    alive.send_signal(signal.SIGINT)  # nothing happens to one that has ended
    alive.communicate(timeout=180)
    assert kvmlab.containers() == [] and leftovers(kvmlab.state) == []


def test_bad_use(tmp_path: Path, bare_kvmlab: Kvmlab) -> None:
    """2 and a sentence, before anything is started: an unknown lab, near-misses of no check, odd numbers."""
    assert "Did you mean" in bare_kvmlab(*TINY, "prove", "tiny-nore").stderr
    assert bare_kvmlab(*TINY, "prove", "--only", "nothing").returncode == 2
    assert bare_kvmlab(*TINY, "prove", "--jobs", "0").returncode == 2
    assert bare_kvmlab(*TINY, "--variant", "a", "prove", "--variants", "2").returncode == 2
    plant(tmp_path, ("solutions/tiny/note/near-twice.md", "note-says-the-line", "note-says-the-lime"))
    done = bare_kvmlab("--course", str(tmp_path / "course"), "prove")
    assert done.returncode == 2 and "near-twice.md:1: there is no check" in done.stderr
