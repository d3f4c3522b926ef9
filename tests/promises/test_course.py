"""The course's own labs are proved: as they are, and with other names and addresses."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pytest

from tests.conftest import Kvmlab

# Each proof runs as many lab hosts as this computer carries: one proof at a time.
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]
RIGHT = ("--only", "start", "--only", "solution", "--only", "ways")


def proved(kvmlab: Kvmlab, *argv: str) -> None:
    done = kvmlab("prove", "--json", "--keep-going", *argv, timeout_s=4500)
    assert done.returncode == 0, json.dumps(_wrong(done.stdout), indent=1, ensure_ascii=False) + done.stderr[-3000:]


def _wrong(text: str) -> object:
    """What is not proved, out of prove's document."""
    try:
        labs = json.loads(text)["labs"]
    except (ValueError, KeyError):
        return text[-3000:]
    found = [(lab["lab"], [p for p in lab["proofs"] if p.get("outcome") != "proved"]) for lab in labs]
    return [{"lab": lab, "proofs": proofs} for lab, proofs in found if proofs]


def test_every_lab_as_it_is(kvmlab: Kvmlab) -> None:
    """All seven proofs, labs and cases in an order that is drawn anew every time."""
    proved(kvmlab, "--shuffle", secrets.token_hex(4))


def test_every_lab_with_other_names(kvmlab: Kvmlab) -> None:
    """A variant nobody has seen goes the right ways; KVMLAB_TEST_VARIANTS=3 (a night's run) gives three all proofs."""
    nights = os.environ.get("KVMLAB_TEST_VARIANTS", "")
    for seed in [secrets.token_hex(4) for _ in range(int(nights or 1))]:
        proved(kvmlab, "--variant", seed, "--shuffle", seed, *(() if nights else RIGHT))


def test_lint_finds_nothing(kvmlab: Kvmlab, tmp_path: Path) -> None:
    done = kvmlab("lint")
    assert done.returncode == 0, done.stdout
