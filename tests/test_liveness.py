"""A slow computer is waited for, one that hangs is not: what ends a wait is silence."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.errors import CannotRun
from kvmlab.labhost.output import end_of_output, printed, start
from kvmlab.labhost.podman import Podman
from kvmlab.liveness import Silence, work_of
from kvmlab.setup.guest_wait import _longer_each_time

BUSY = f"{sys.executable} -S -c 'import time; end = time.monotonic() + 4\nwhile time.monotonic() < end: pass'"
Podmans = Callable[[str], Podman]


@pytest.fixture
def podmans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Podmans:
    """A podman that does what a shell script says."""

    def made(script: str) -> Podman:
        path = tmp_path / "podman"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return Podman()

    return made


def test_a_slow_podman_is_waited_for_as_long_as_it_works(podmans: Podmans) -> None:
    done = podmans(f"cat; {BUSY}; echo done; echo warned >&2; exit 7").attempt("import", stdin="given ", timeout_s=1.5)
    assert (done.returncode, done.stdout, done.stderr) == (7, "given done\n", "warned\n")


@pytest.mark.parametrize("script", ["exec sleep 600", "kill -STOP $$"])
def test_one_that_hangs_is_ended_and_told(podmans: Podmans, script: str) -> None:
    with pytest.raises(CannotRun, match="podman import has done nothing for 1 s") as told:
        podmans(script).attempt("import", timeout_s=1)  # it sleeps for ten minutes, and would be waited for
    assert told.value.todo == "kvmlab doctor"


CONTAINER = """
(timeout 4 {folder}/conmon -c 'while :; do :; done' -n {name} &)
sleep 4
echo done
"""
"""A podman that has let go of a conmon, which is busy, and does nothing itself."""


def test_the_work_of_its_own_container_counts(podmans: Podmans, tmp_path: Path) -> None:
    (tmp_path / "conmon").symlink_to("/bin/sh")
    podman = podmans(CONTAINER.format(folder=tmp_path, name="kvmlab-a"))
    assert podman.attempt("exec", "kvmlab-a", timeout_s=1).stdout == "done\n"
    assert podman.attempt("run", "--name=kvmlab-a", timeout_s=1).stdout == "done\n"


def test_the_work_of_anothers_container_does_not(podmans: Podmans, tmp_path: Path) -> None:
    """On a computer with thirty lab hosts there is always one at work."""
    (tmp_path / "conmon").symlink_to("/bin/sh")
    with pytest.raises(CannotRun, match="podman exec has done nothing for 1 s"):
        podmans(CONTAINER.format(folder=tmp_path, name="kvmlab-b")).attempt("exec", "kvmlab-a", timeout_s=1)


def test_what_is_busy_for_ever_ends_too_and_what_it_said_is_kept() -> None:
    process = start(["sh", "-c", "echo begun; while :; do :; done"])
    with pytest.raises(subprocess.TimeoutExpired) as late:
        printed(process, silent_s=60, most_s=2)
    assert str(late.value.stdout) == "begun\n"
    assert process.returncode == -signal.SIGKILL


def test_a_command_on_a_lab_host_likewise() -> None:
    assert end_of_output(["sh", "-c", f"{BUSY}; echo done"], stdin="", silent_s=1.5) == (0, "done\n")
    assert end_of_output(["sh", "-c", "echo begun; exec sleep 600"], stdin="", silent_s=1) == (124, "begun\n")
    assert end_of_output(["sh", "-c", "echo begun; while :; do :; done"], stdin="", silent_s=0.3) == (124, "begun\n")


def test_the_work_of_a_process_is_that_of_all_below_it() -> None:
    with subprocess.Popen(["sh", "-c", "sh -c 'while :; do :; done' & wait"], start_new_session=True) as process:
        try:
            first = work_of(process.pid)
            deadline = time.monotonic() + 60
            while work_of(process.pid) == first and time.monotonic() < deadline:
                time.sleep(0.1)
            assert work_of(process.pid) != first
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(0.5)
            stopped = work_of(process.pid)
            time.sleep(0.5)
            assert work_of(process.pid) == stopped
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert work_of(process.pid) is None


def test_silence_begins_again_with_each_sign() -> None:
    signs = itertools.chain([1, 2, 3, 4], itertools.repeat(4))
    began, silence = time.monotonic(), Silence(0.4, lambda: next(signs))
    while not silence.over:
        time.sleep(0.02)
    assert time.monotonic() - began > 0.8


def test_a_try_that_took_all_its_time_is_followed_by_a_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = itertools.count(step=0)  # no time passes
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    tries = _longer_each_time()
    assert [next(tries) for _ in range(3)] == [5, 5, 5]
    clock = iter([0.0, 9.0, 9.0, 99.0, 99.0, 999.0, 999.0, 9999.0, 9999.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    tries = _longer_each_time()
    assert [next(tries) for _ in range(4)] == [5, 7.5, 11.25, 16.875]
