"""The course's own labs are proved: in CI a part that is drawn anew each time; the whole is `script/night`'s work.

Every lab goes its right ways; of a drawn third, and of what else is drawn, the rest is proved. A failure names
the seed: `KVMLAB_TEST_SEED=… ./script/test tests/promises/test_course.py` draws the same part again.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from pathlib import Path

import pytest

from kvmlab.author.proof import Proof
from kvmlab.course import Course
from tests.conftest import REPOSITORY, Kvmlab

# Each proof runs as many lab hosts as this computer carries: one proof at a time.
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]

RIGHT = ("start", "solution", "ways")
SEED = os.environ.get("KVMLAB_TEST_SEED") or secrets.token_hex(4)
SAMPLE = 4
"""So many labs each go their right ways under other names, and have some mutants tried."""
MUTANTS = 12


def labs(number: int, what: str) -> list[str]:
    """So many of the course's labs, drawn by SEED for `what`."""
    course = Course.load(REPOSITORY)
    complete = [one for one in course.ids if course.entries[one].complete]
    return random.Random(f"{SEED} {what}").sample(complete, number)


def third() -> list[str]:
    """The labs that are proved whole."""
    whole = labs(len(Course.load(REPOSITORY).ids), "whole")
    return whole[: -(-len(whole) // 3)]


def only(*names: str) -> list[str]:
    """As options of `prove`."""
    return [word for name in names for word in ("--only", name)]


def proved(kvmlab: Kvmlab, *argv: str) -> None:
    done = kvmlab("prove", "--json", "--keep-going", "--shuffle", SEED, *argv, timeout_s=4500)
    again = f"KVMLAB_TEST_SEED={SEED} draws it again; or: kvmlab prove --shuffle {SEED} {' '.join(argv)}\n"
    wrong = json.dumps(_wrong(done.stdout), indent=1, ensure_ascii=False)
    assert done.returncode == 0, again + wrong + done.stderr[-3000:]


def _wrong(text: str) -> object:
    """What is not proved, out of prove's document."""
    try:
        found = json.loads(text)["labs"]
    except (ValueError, KeyError):
        return text[-3000:]
    pairs = [(lab["lab"], [p for p in lab["proofs"] if p.get("outcome") != "proved"]) for lab in found]
    return [{"lab": lab, "proofs": proofs} for lab, proofs in pairs if proofs]


def test_every_lab_goes_its_right_ways(kvmlab: Kvmlab) -> None:
    """Those that are proved whole are left to that."""
    whole = set(third())
    rest = [one for one in labs(len(Course.load(REPOSITORY).ids), "whole") if one not in whole]
    proved(kvmlab, *rest, *only(*RIGHT))


def test_a_third_is_proved_whole(kvmlab: Kvmlab) -> None:
    """All proofs that `prove` tries unasked, in an order that is drawn, too."""
    proved(kvmlab, *third())


def test_some_labs_with_other_names(kvmlab: Kvmlab) -> None:
    """A variant nobody has seen goes the right ways."""
    proved(kvmlab, "--variant", SEED, *labs(SAMPLE, "variant"), *only(*RIGHT))


def test_some_labs_have_some_mutants_tried(kvmlab: Kvmlab) -> None:
    """They can be made and undone anywhere; where the last night proved all of a lab's, they still are proved."""
    chosen = labs(SAMPLE, "mutants")
    argv = (*chosen, *only("mutants"), "--mutants", str(MUTANTS))
    done = kvmlab("prove", "--json", "--keep-going", "--shuffle", SEED, *argv, timeout_s=4500)
    kept = json.loads((REPOSITORY / "benchmarks" / "proved.json").read_text())
    again = f"kvmlab prove --shuffle {SEED} {' '.join(argv)}\n{done.stderr[-2000:]}"
    found = {lab["lab"]: lab["proofs"][0] for lab in json.loads(done.stdout)["labs"]}
    assert set(found) == set(chosen), again
    for lab, proof in found.items():
        assert proof["counts"]["tried"] > 0 and not proof["trouble"], f"{lab}: {proof}\n{again}"
        clean = Proof.MUTANTS.number in kept.get(lab, {}).get("proved", [])
        assert proof["outcome"] == "proved" or not clean, f"{lab}: {proof['wrong']}\n{again}"


def test_lint_finds_nothing(kvmlab: Kvmlab, tmp_path: Path) -> None:
    done = kvmlab("lint")
    assert done.returncode == 0, done.stdout
