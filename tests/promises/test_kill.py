"""kill -9 at every step of every verb: `reset` works afterwards, progress is whole, nothing outside changes."""

from __future__ import annotations

import ast
import json
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kvmlab.images import Quiet, ensure_host_image
from kvmlab.labhost.computer.podman_options import find_podman
from kvmlab.labhost.container import remove_all
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from tests.conftest import REPOSITORY, SHARED, Kvmlab
from tests.promises.outside import outside

LAB = "network-bridge"
pytestmark = pytest.mark.guest


@cache
def all_steps() -> frozenset[str]:
    """Every kill point, read from the source, so that none can be forgotten."""
    names: set[str] = set()
    for path in (REPOSITORY / "kvmlab").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "killpoint" in text else ():
            match node:
                case ast.Call(func=ast.Name(id="killpoint"), args=[ast.Constant(value=str(name))]):
                    names.add(name)
    return frozenset(names)


def steps(*verbs: str) -> list[str]:
    """Those of these verbs."""
    return sorted(name for name in all_steps() if name.split(".")[0] in verbs)


def progress_is_whole(kvmlab: Kvmlab) -> None:
    for path in kvmlab.state.progress.rglob("*.json*"):
        assert ".broken" not in path.name
        json.loads(path.read_text())


def recovers(kvmlab: Kvmlab) -> None:
    """`reset` gives a lab that can be checked, `finish` leaves nothing."""
    done = kvmlab("reset", LAB)
    assert done.returncode == 0, done.stderr
    assert len(kvmlab.containers()) == 1
    done = kvmlab("check", LAB)
    assert done.returncode == 1, done.stdout + done.stderr
    progress_is_whole(kvmlab)
    done = kvmlab("finish", LAB)
    assert done.returncode == 0, done.stderr
    assert kvmlab.containers() == []
    assert list(kvmlab.state.run.iterdir()) == []


@pytest.fixture
def watched(kvmlab: Kvmlab, shared_state: State) -> Iterator[Kvmlab]:
    """A kvmlab, and beside it a container of somebody else's; nothing outside may change."""
    host_image = ensure_host_image(shared_state, Podman(), progress=Quiet())
    name = f"bystander-{kvmlab.state.tag}"
    podman = find_podman(shared_state, host_image)
    podman.run("run", "--detach", "--network=none", f"--name={name}", *podman.run_options, host_image, "sleep", "3600")
    try:
        before = outside(name)
        assert before["bystander"]
        yield kvmlab
        after = outside(name)
        assert {name for name in before if before[name] != after[name]} == set()
    finally:
        remove_all(podman, [name])


def test_there_is_a_fault_point_in_every_verb() -> None:
    for verb in ("start", "saving", "check", "solve", "reset", "finish"):
        assert steps(verb), verb


@pytest.mark.parametrize("name", steps("start"))
def test_killed_while_starting(watched: Kvmlab, name: str) -> None:
    assert watched("start", LAB, die_at=name).returncode == -signal.SIGKILL
    recovers(watched)


@pytest.mark.parametrize("name", steps("saving"))
def test_killed_while_saving_guests(watched: Kvmlab, tmp_path: Path, name: str) -> None:
    (watched.state.root / "saved").unlink()
    assert "saved" in SHARED  # the link is gone: this test makes saved guests of its own
    assert watched("start", LAB, die_at=name).returncode == -signal.SIGKILL
    recovers(watched)
    assert not [path for path in watched.state.saved.iterdir() if path.name.startswith(".new-")]


@pytest.mark.parametrize("name", [*steps("reset"), *steps("start")])
def test_killed_while_resetting(watched: Kvmlab, name: str) -> None:
    assert watched("start", LAB).returncode == 0
    assert watched("reset", LAB, die_at=name).returncode == -signal.SIGKILL
    recovers(watched)


@pytest.mark.parametrize("verb", ["check", "solve", "finish"])
def test_killed_while_working(watched: Kvmlab, verb: str) -> None:
    assert watched("start", LAB).returncode == 0
    for name in steps(verb):
        assert watched(verb, LAB, die_at=name).returncode == -signal.SIGKILL, name
        progress_is_whole(watched)
    recovers(watched)
