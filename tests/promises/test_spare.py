"""A lab host in waiting: the next reset takes it, whoever dies in between, and never one of something else."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from kvmlab.labhost.known_host import SPARE
from tests.conftest import Kvmlab

pytestmark = pytest.mark.guest
LAB = "network-bridge"
READY_S = 300


@pytest.fixture(autouse=True)
def _with_spares(kvmlab: Kvmlab) -> None:
    kvmlab.env["KVMLAB_SPARE"] = "1"


def note_of_spare(kvmlab: Kvmlab) -> Path:
    """Where the lab host in waiting is noted, once it is whole."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if found := list(kvmlab.state.run.glob(f"*/{SPARE}")):
            return found[0]
        time.sleep(0.2)
    raise AssertionError((kvmlab.state.root / "spare.log").read_text())


def instance_that_runs(kvmlab: Kvmlab) -> str:
    (record,) = kvmlab.state.labs.glob(f"*/{LAB}.json")
    found: str = json.loads(record.read_text())["instance"]
    return found


def ended(kvmlab: Kvmlab) -> None:
    """All is gone, whatever was being made."""
    kvmlab.env["KVMLAB_SPARE"] = "0"
    assert kvmlab("finish", LAB).returncode == 0
    deadline = time.monotonic() + 60
    while any((kvmlab.containers(), list(kvmlab.state.run.iterdir()))) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert kvmlab.containers() == []
    assert list(kvmlab.state.run.iterdir()) == []


def test_reset_takes_the_lab_host_in_waiting(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    note = note_of_spare(kvmlab)
    status = kvmlab("status", "--json", env={"KVMLAB_SPARE": "0"})
    assert json.loads(status.stdout)["labs"][0]["spare"] is True
    assert kvmlab("exec", LAB, "--", "touch", "/root/before").returncode == 0
    done = kvmlab("reset", LAB, env={"KVMLAB_SPARE": "0"})
    assert done.returncode == 0, done.stderr
    assert note.parent.name.endswith(instance_that_runs(kvmlab))
    assert not note.exists()
    assert len(kvmlab.containers()) == 1
    assert kvmlab("exec", LAB, "--", "test", "-e", "/root/before").returncode == 1
    said = kvmlab("exec", LAB, "--guest", "web1", "--", "date", "+%s")
    assert abs(int(said.stdout) - time.time()) < 5
    assert kvmlab("check", LAB).returncode == 1
    assert json.loads(kvmlab("diff", LAB, "--json").stdout)["differences"] == []
    assert kvmlab("solve", LAB).returncode == 0
    assert kvmlab("check", LAB).returncode == 0
    ended(kvmlab)


def test_one_of_another_kvmlab_is_never_taken(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    note = note_of_spare(kvmlab)
    note.write_text(json.dumps({**json.loads(note.read_text()), "made_from": "another"}))
    assert kvmlab("reset", LAB, env={"KVMLAB_SPARE": "0"}).returncode == 0
    assert not note.parent.exists()
    assert len(kvmlab.containers()) == 1
    ended(kvmlab)


@pytest.mark.parametrize("at", ["spare.paused", "spare.wanted", "spare.noted"])
def test_whoever_makes_it_may_be_killed(kvmlab: Kvmlab, at: str) -> None:
    assert kvmlab("start", LAB, die_at=at).returncode == 0
    deadline = time.monotonic() + READY_S
    while len(kvmlab.containers()) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert kvmlab("reset", LAB, env={"KVMLAB_SPARE": "0"}).returncode == 0
    assert kvmlab("check", LAB).returncode == 1
    ended(kvmlab)


@pytest.mark.parametrize("at", ["spare.taken", "spare.resumed", "spare.remembered"])
def test_whoever_takes_it_may_be_killed(kvmlab: Kvmlab, at: str) -> None:
    assert kvmlab("start", LAB).returncode == 0
    note_of_spare(kvmlab)
    assert kvmlab("reset", LAB, die_at=at).returncode == -signal.SIGKILL
    assert kvmlab("reset", LAB, env={"KVMLAB_SPARE": "0"}).returncode == 0
    assert kvmlab("check", LAB).returncode == 1
    ended(kvmlab)
