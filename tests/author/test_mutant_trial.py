"""Trying a mutant: what is waited for, and for how long."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from kvmlab.author.prove.mutant_trial import Stage
from kvmlab.mutants.mutator import ChangeScripts, Mutant
from tests.author.test_judging import FAILED, PASSED, check, finding, report

MUTANT = Mutant("domain a: paused", ChangeScripts("virsh suspend a", "virsh resume a", scars=True))


@pytest.mark.parametrize("passes", [True, False])
def test_a_new_lab_host_is_taken_where_that_is_sooner(monkeypatch: pytest.MonkeyPatch, passes: bool) -> None:
    """On a slow computer what was undone may take long to pass again; but not longer than starting anew."""
    monkeypatch.setenv("KVMLAB_PATIENCE", "100")
    seen = report(check("a", PASSED if passes else FAILED, finding("x", y=passes)))
    monkeypatch.setattr(Stage, "_run", lambda *_: None)
    monkeypatch.setattr(Stage, "_look", lambda _: seen)
    stage = Stage(cast(Any, None), cast(Any, None), 1, spoilt=False)
    stage._made_in_s = 0.5
    clock = time.monotonic()
    stage._undo(MUTANT)
    assert stage.spoilt is not passes
    assert time.monotonic() - clock < 20, "not the hour that it might take"
