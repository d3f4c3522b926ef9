"""How slow this computer is: what deadlines without a sign of life are stretched by."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kvmlab import slowness
from kvmlab.slowness import MOST, given_patience

ASK = "from kvmlab.slowness import slowness; print(slowness())"


@pytest.mark.parametrize(("given", "taken"), [("2.5", 2.5), ("0", 0.1), ("1000", 100), ("-1", 0.1)])
def test_what_is_given_counts(monkeypatch: pytest.MonkeyPatch, given: str, taken: float) -> None:
    monkeypatch.setenv("KVMLAB_PATIENCE", given)
    assert given_patience() == taken


@pytest.mark.parametrize("given", ["", "soon"])
def test_what_is_no_number_is_measured(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("KVMLAB_PATIENCE", given)
    monkeypatch.setattr(slowness, "slowness", lambda: 7.0)
    assert given_patience() == 7.0


def test_a_slower_processor_stretches_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slowness, "_crowd", lambda: 1.0)
    for seconds, wanted in ((slowness.USUAL_S * 12, 12), (slowness.USUAL_S / 5, 1), (3600, MOST)):
        monkeypatch.setattr(slowness, "_additions", lambda seconds=seconds: seconds)
        assert slowness.slowness() == pytest.approx(wanted)


def test_a_crowd_is_noticed() -> None:
    """One more process on a processor that others use, against the same at a time when they are gone."""
    only = min(os.sched_getaffinity(0))
    busy = [sys.executable, "-c", "while True: pass"]

    def asked() -> float:
        argv = ["taskset", "--cpu-list", str(only), sys.executable, "-c", ASK]
        return float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)

    others = [subprocess.Popen(["taskset", "--cpu-list", str(only), *busy]) for _ in range(6)]
    try:
        assert max(asked() for _ in range(3)) > 2
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_without_the_kernels_figures_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _self: "")
    assert slowness._crowd() == 1.0
