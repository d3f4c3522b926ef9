"""The course's own labs are proved: as they are, and with other names and addresses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Kvmlab

LABS = ["network-bridge", "storage-attach"]
# Each proof runs as many lab hosts as this computer carries: one proof at a time.
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("proof")]


def proved(kvmlab: Kvmlab, *argv: str) -> None:
    done = kvmlab("prove", *LABS, "--json", "--keep-going", *argv, timeout_s=3000)
    assert done.returncode == 0, json.dumps(_wrong(done.stdout), indent=1, ensure_ascii=False) + done.stderr[-3000:]


def _wrong(text: str) -> object:
    """What is not proved, out of prove's document."""
    try:
        labs = json.loads(text)["labs"]
    except (ValueError, KeyError):
        return text[-3000:]
    return [{"lab": lab["lab"], "proofs": [p for p in lab["proofs"] if p.get("outcome") != "proved"]} for lab in labs]


def test_the_labs_as_they_are(kvmlab: Kvmlab) -> None:
    proved(kvmlab)


def test_the_labs_with_other_names(kvmlab: Kvmlab) -> None:
    """Each variant's right ways; KVMLAB_TEST_SEEDS names others, KVMLAB_TEST_PROOFS=all goes the wrong ways, too."""
    every = os.environ.get("KVMLAB_TEST_PROOFS") == "all"
    right = [] if every else ["--only", "start", "--only", "solution", "--only", "ways"]
    for seed in os.environ.get("KVMLAB_TEST_SEEDS", "red green").split():
        proved(kvmlab, "--variant", seed, *right)


def test_lint_finds_nothing(kvmlab: Kvmlab, tmp_path: Path) -> None:
    done = kvmlab("lint")
    assert done.returncode == 0, done.stdout
