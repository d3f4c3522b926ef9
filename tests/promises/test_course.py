"""The course's own labs are proved: in CI a part that is drawn anew each time; the whole is `script/night`'s work.

Every lab goes its right ways, some that are drawn under other names, too. The other proofs are those of the tiny lab
of tests/author here, of the course's labs in `script/night`. A failure names the seed:
`KVMLAB_TEST_SEED=… ./script/test tests/promises/test_course.py` draws the same part again.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from pathlib import Path

import pytest

from tests.conftest import Kvmlab, our_course

# Each proof runs as many lab hosts as this computer carries: one proof at a time.
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]

RIGHT = ("start", "solution", "ways")
SEED = os.environ.get("KVMLAB_TEST_SEED") or secrets.token_hex(4)
SAMPLE = 3
"""So many labs go their right ways under other names."""


def labs(number: int, what: str) -> list[str]:
    """So many of the course's labs, drawn by SEED for `what`."""
    course = our_course()
    complete = [one for one in course.ids if course.entries[one].complete]
    return random.Random(f"{SEED} {what}").sample(complete, number)


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
    """At the start nothing passes; after the solution, and after each other right way, everything does."""
    proved(kvmlab, "--own", *labs(len(our_course().ids), "order"), *only(*RIGHT))


def test_some_labs_with_other_names(kvmlab: Kvmlab) -> None:
    """A variant nobody has seen goes the right ways."""
    proved(kvmlab, "--variant", SEED, *labs(SAMPLE, "variant"), *only(*RIGHT))


def test_lint_finds_nothing(kvmlab: Kvmlab, tmp_path: Path) -> None:
    done = kvmlab("lint")
    assert done.returncode == 0, done.stdout
