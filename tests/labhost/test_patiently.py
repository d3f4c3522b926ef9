"""Solutions wait for a guest as long as it is at work, however slow the computer is."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from kvmlab.labhost.container import INSIDE
from tests.child import child


@pytest.fixture
def threads(tmp_path: Path) -> Path:
    """What the threads of the guests do, as ps shows it: a file beside a `ps` that prints it."""
    (tmp_path / "ps").write_text(f'#!/bin/sh\ncat "{tmp_path}/threads"\n')
    (tmp_path / "ps").chmod(0o755)
    return tmp_path / "threads"


def patiently(threads: Path, seconds: int, command: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{threads.parent}:{os.environ['PATH']}"}
    argv = [str(INSIDE / "patiently"), str(seconds), command]
    return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)


def test_it_ends_as_soon_as_the_command_succeeds(threads: Path) -> None:
    threads.write_text("Sl\n")
    assert patiently(threads, 30, "true").returncode == 0


def test_idle_guests_are_given_so_many_seconds(threads: Path) -> None:
    threads.write_text("Sl\nSl\n")
    began = time.monotonic()
    done = patiently(threads, 1, "test -e /nowhere")
    assert done.returncode == 124
    assert 1 <= time.monotonic() - began < 20
    assert "test -e /nowhere" in done.stderr


def test_a_guest_at_work_is_given_more(threads: Path) -> None:
    """It takes three seconds, and only then the command succeeds: the limit is one."""
    threads.write_text("Sl\nRl\n")
    until = time.time() + 3
    assert patiently(threads, 1, f"test $(date +%s) -ge {until:.0f}").returncode == 0


def test_it_sees_a_program_of_qemus_name_at_work(tmp_path: Path) -> None:
    """With the real ps: the kernel keeps fifteen letters of a program's name."""
    qemu = tmp_path / "qemu-system-x86_64"
    qemu.write_bytes(Path("/bin/dash").resolve().read_bytes())
    qemu.chmod(0o755)
    with child([str(qemu), "-c", "while :; do :; done"]):
        until = time.time() + 4
        argv = [str(INSIDE / "patiently"), "1", f"test $(date +%s) -ge {until:.0f}"]
        assert subprocess.run(argv, timeout=60).returncode == 0


def test_a_guest_that_waits_at_each_look_and_works_between_them_is_at_work(tmp_path: Path) -> None:
    """As one that boots is often met, waiting for its disk."""
    with child(["sh", "-c", "while :; do :; done"]) as busy:
        ps = f"#!/bin/sh\ncase $* in *pid=) echo {busy.pid} ;; *) echo Sl ;; esac\n"
        (tmp_path / "ps").write_text(ps)
        (tmp_path / "ps").chmod(0o755)
        until = time.time() + 4
        assert patiently(tmp_path / "threads", 1, f"test $(date +%s) -ge {until:.0f}").returncode == 0
