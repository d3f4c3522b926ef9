"""`kvmlab prove --only faults` on real lab hosts: a sound fault is proved, and what is wrong with one is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Kvmlab
from tests.repair.faults import FILE, course_with_a_fault

pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]


def wrong(kvmlab: Kvmlab, tmp_path: Path, *changes: tuple[str, str, str]) -> list[str]:
    course = str(course_with_a_fault(tmp_path, *changes))
    quick = {"KVMLAB_PATIENCE": "0.2" if changes else "1"}
    done = kvmlab("--course", course, "prove", "--only", "faults", "--json", "--jobs", "1", env=quick, timeout_s=600)
    (proof,) = json.loads(done.stdout)["labs"][0]["proofs"]
    assert (done.returncode, proof["number"], proof["trouble"]) == (int(bool(proof["wrong"])), 11, [])
    assert kvmlab.containers() == []
    return [one["what"] for one in proof["wrong"]]


def test_a_sound_fault_is_proved(kvmlab: Kvmlab, tmp_path: Path) -> None:
    assert wrong(kvmlab, tmp_path) == []


PLANTED = [
    ((FILE, "grep -q . {{ note }}", "grep -q nonsense {{ note }}"), "seen before it is broken: read"),
    ((FILE, "mv {{ moved }} {{ note }}\n", ""), "undone: not mended: symptoms left: read"),
    ((FILE, "echo '{{ line }}'", "echo 'no'"), "the cure “a new note”: not mended: note-says-the-line"),
    ((FILE, "touch {{ note }}\n", "mv {{ moved }} {{ note }}\nip link set {{ bridge }} up\n"), "mends it"),
]


@pytest.mark.parametrize(("change", "says"), PLANTED)
def test_refutes(kvmlab: Kvmlab, tmp_path: Path, change: tuple[str, str, str], says: str) -> None:
    found = wrong(kvmlab, tmp_path, change)
    assert len(found) == 1 and says in found[0]
