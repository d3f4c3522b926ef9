"""A full disk: a sentence and a command, exit status 3, nothing lost; and once there is room again, `reset` works."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Kvmlab

LAB = "network-bridge"
pytestmark = pytest.mark.guest


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """`folder` on a file system of its own (tmpfs(5)) that has not a byte left."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], check=True)
    try:
        with (folder / "filler").open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space"):
            while True:
                stream.write(b"0" * 4096)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("folder", ["labs", "run"])
def test_no_room_to_start(kvmlab: Kvmlab, folder: str) -> None:
    with full(getattr(kvmlab.state, folder)):
        done = kvmlab("start", LAB)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "→" in done.stderr
    assert kvmlab.containers() == []
    assert kvmlab("reset", LAB).returncode == 0


def test_no_room_for_progress(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    assert kvmlab("check", LAB).returncode == 1
    kept = {path.name: path.read_bytes() for path in kvmlab.state.progress.rglob("*.json")}
    assert kept
    with full(kvmlab.state.progress):
        done = kvmlab("check", LAB)
        assert done.returncode == 3
        assert "No space left" in done.stderr
    found = {path.name: path.read_bytes() for path in kvmlab.state.progress.rglob("*.json")}
    assert found == kept
    assert kvmlab("check", LAB, "--json").returncode == 1


def test_a_full_disk_in_the_lab_host(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    for folder in ("/tmp", "/root", "/var/log"):
        script = f"mount -t tmpfs -o size=4k tmpfs {folder}; head -c 1M /dev/zero >{folder}/filler; true"
        assert kvmlab("exec", LAB, "--", "sh", "-c", script).returncode == 0
    done = kvmlab("check", LAB, "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["max_points"] > 0
    assert kvmlab("reset", LAB).returncode == 0
