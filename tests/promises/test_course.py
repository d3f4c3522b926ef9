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


def sample(proof: str) -> list[str]:
    """Some labs for a dear proof: of the mutants those of which the last whole run (script/night) proved all."""
    drawn = labs(len(Course.load(REPOSITORY).ids), proof)
    if proof == Proof.MUTANTS.value:
        kept = json.loads((REPOSITORY / "benchmarks" / "proved.json").read_text())
        number = Proof.MUTANTS.number
        drawn = [one for one in drawn if number in kept.get(one, {}).get("proved", [])]
    return drawn[:SAMPLE]


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


@pytest.mark.parametrize("proof", [one.value for one in Proof if not one.usual])
def test_some_labs_have_the_dear_proofs_tried(kvmlab: Kvmlab, proof: str) -> None:
    """A handful of what only a night has the time to try whole."""
    chosen = sample(proof)
    assert chosen, "no lab is known to have this proved: run script/night"
    proved(kvmlab, *chosen, *only(proof), "--mutants", str(MUTANTS))


def test_lint_finds_nothing(kvmlab: Kvmlab, tmp_path: Path) -> None:
    done = kvmlab("lint")
    assert done.returncode == 0, done.stdout
