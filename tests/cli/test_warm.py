"""The process that forks for each command line: what comes out of a fork is what a new `kvmlab` would say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kvmlab.cli.warm import Warm


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    monkeypatch.setenv("KVMLAB_STATE", str(tmp_path / "state"))
    with closing(Warm()) as found:
        yield found


def answer(ready: Warm, *argv: str, columns: int = 80) -> tuple[str, int]:
    with closing(ready.run(argv, columns)) as found:
        return found.output.read().decode(), found.status()


COMMANDS = {
    "list": (["list"], 0),
    "in chinese": (["--lang", "zh", "list"], 0),
    "wrong option": (["check", "--nonsense"], 2),
    "no such lab": (["show", "no-such-lab"], 2),
    "not started": (["check", "network-bridge"], 3),
    "help": (["hint", "--help"], 0),
}


@pytest.mark.parametrize(("argv", "status"), COMMANDS.values(), ids=list(COMMANDS))
def test_as_a_new_kvmlab(ready: Warm, argv: list[str], status: int) -> None:
    command = [sys.executable, "-P", "-m", "kvmlab", *argv]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    new = subprocess.run(command, **pipes, text=True, env={**os.environ, "COLUMNS": "70"})  # type: ignore[call-overload]
    assert answer(ready, *argv, columns=70) == (new.stdout, new.returncode)
    assert new.returncode == status and new.stdout


def test_several_at_once(ready: Warm) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda number: answer(ready, "show", f"no-lab-{number}"), range(16)))
    assert [f"no-lab-{number}" in said for number, (said, _) in enumerate(asked)] == [True] * 16
    assert {status for _, status in asked} == {2}


def test_another_begins_where_it_was_killed(ready: Warm) -> None:
    first = ready.pid
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert answer(ready, "list")[1] == 0
    assert ready.pid != first


def test_a_fork_that_is_killed_has_the_status_of_its_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KVMLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KVMLAB_DIE_AT", "class.folder")
    (roster := tmp_path / "roster.csv").write_text("id,name\n1,Ada\n")
    with closing(Warm()) as ready:
        assert answer(ready, "class", "create", str(tmp_path / "class"), "--roster", str(roster))[1] == 128 + 9
        assert answer(ready, "list")[1] == 0


def test_it_ends_with_the_block(tmp_path: Path) -> None:
    with closing(Warm()) as found:
        pid = found.pid
    assert not Path(f"/proc/{pid}").exists()
