"""The process that forks for each command line: what comes out of a fork is what a new `kvmlab` would say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from kvmlab.classroom.children import Children, environ_of
from kvmlab.cli.forking import PAUSE_S
from kvmlab.cli.warm import Forked, Warm
from kvmlab.labhost.place import WAIT
from kvmlab.paths import State
from kvmlab.process import has_ended, identity
from kvmlab.slowness import slowness
from tests.classroom.conftest import LAB
from tests.classroom.machines.computers import until
from tests.conftest import REPOSITORY, Kvmlab
from tests.course.conftest import EXAMPLE

COURSE = str(REPOSITORY / "benchmarks/course")


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


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[State]:
    """A student's state directory; another kvmlab is at work on the lab, so that ours waits."""
    state = State(tmp_path / "student", tmp_path / "state")
    with state.lock(f"lab-example-{LAB}"):
        yield state


def waiting_for_it(ready: Warm, state: State) -> Forked:
    process = ready.begin(["finish", LAB], {**environ_of(state, EXAMPLE), WAIT: "600"})
    lock = str(state.locks / f"lab-example-{LAB}.lock")
    assert until(lambda: lock in map(str, opened(process.pid)), 120)
    return process


def opened(pid: int) -> list[Path]:
    with suppress(OSError):
        return [one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir()]
    return []


def test_a_student_s_says_what_a_new_process_does(ready: Warm, tmp_path: Path) -> None:
    """In the student's own state directory, whoever was before; and its complaint comes whole."""
    (tmp_path / "bob").write_text("no directory")
    for who, said in (("ada", f"{LAB} has not been started"), ("bob", f"The record of {LAB} is damaged")):
        student = State(tmp_path / who, tmp_path / "state")
        done = [Children(EXAMPLE, begin).run(student, "check", LAB) for begin in (ready.begin, None)]
        assert done == [(3, said)] * 2


def test_a_student_s_leads_a_session(ready: Warm, busy: State) -> None:
    process = waiting_for_it(ready, busy)
    assert os.getsid(process.pid) == process.pid != ready.pid
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=0)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.communicate(timeout=60) == (None, b"") and process.returncode == 128 + 9


def test_stopping_ends_a_student_s(ready: Warm, busy: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one, for another student, is not held up by it."""
    monkeypatch.setattr("kvmlab.classroom.children.WAIT_S", 600)
    children = Children(EXAMPLE, ready.begin)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(children.run, busy, "finish", LAB)
        other = State(busy.root.with_name("other"), busy.shared.root)
        assert children.run(other, "finish", LAB).status == 0 and not waiting.done()
        children.stop()
        assert waiting.result(60).status == 130


def test_a_student_s_ends_with_the_process_that_forks(ready: Warm, busy: State) -> None:
    process = waiting_for_it(ready, busy)
    there = identity(process.pid)
    os.kill(ready.pid, signal.SIGKILL)
    assert process.wait(60) == 70
    assert until(lambda: bool(has_ended(there)), 60)


@pytest.fixture
def of_a_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    monkeypatch.setenv("KVMLAB_STATE", str(tmp_path / "state"))
    with closing(Warm((COURSE, "ten-facts"))) as found:
        yield found


def fork_ahead(ready: Warm, but: int = 0) -> int:
    """The one fork that there is, once there is one, and another than `but`."""
    deadline = time.monotonic() + 60 * slowness()
    while time.monotonic() < deadline:
        found = [number for number in _children(ready.pid) if number != but]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("no fork is ahead")


def _children(parent: int) -> list[int]:
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if (words := _stat(number)) and words[1] == str(parent) and words[0] != "Z"]


def _stat(number: int) -> list[str]:
    """proc_pid_stat(5) from the state on; nothing where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return []


def await_end(number: int) -> None:
    deadline = time.monotonic() + 60 * slowness()
    while _stat(number)[:1] not in ([], ["Z"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_fork_ahead_takes_one_check_and_the_next_one_another(of_a_lab: Warm) -> None:
    first = fork_ahead(of_a_lab)
    said, status = answer(of_a_lab, "--course", COURSE, "check", "ten-facts")
    assert (status, "has not been started" in said) == (3, True)
    second = fork_ahead(of_a_lab, but=first)
    assert answer(of_a_lab, "--course", COURSE, "show", "ten-facts")[1] == 0
    assert fork_ahead(of_a_lab) == second  # only checks are for it


def test_where_the_fork_ahead_was_killed_another_carries_it_out(of_a_lab: Warm) -> None:
    os.kill(ahead := fork_ahead(of_a_lab), signal.SIGKILL)
    await_end(ahead)
    assert answer(of_a_lab, "--course", COURSE, "check", "ten-facts")[1] == 3


def test_the_fork_ahead_ends_with_the_others(tmp_path: Path) -> None:
    with closing(Warm((COURSE, "ten-facts"))) as found:
        ahead = fork_ahead(found)
    await_end(ahead)


CHANGES = (
    "systemctl restart libvirtd",
    "virsh suspend web1",
    "pkill -KILL sshd; virsh resume web1",
    "rm /run/libvirt/libvirt-sock-ro",
    "systemctl restart libvirtd-ro.socket libvirtd",
    "virsh destroy web1",
    "",  # a reset
)


@pytest.mark.guest
def test_what_has_changed_is_noticed_by_the_fork_ahead(kvmlab: Kvmlab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kvmlab("--course", COURSE, "start", "ten-facts").returncode == 0
    for name, value in kvmlab.environ().items():
        monkeypatch.setenv(name, value)
    check = ("--course", COURSE, "check", "ten-facts", "--json")

    def settled() -> object:
        """What a new process finds, twice alike: a libvirtd that was just restarted sets up its firewall anew."""
        found = [_tasks(kvmlab(*check).stdout) for _ in range(2)]
        while found[-1] != found[-2]:
            found.append(_tasks(kvmlab(*check).stdout))
        return found[-1]

    with closing(Warm((COURSE, "ten-facts"))) as ready:
        for change in CHANGES:
            fork_ahead(ready)
            time.sleep(4 * PAUSE_S)  # it is connected, or it connects while all changes: right is both
            verb = ("exec", "ten-facts", "--", "sh", "-c", change) if change else ("reset", "ten-facts")
            kvmlab("--course", COURSE, *verb)
            now = settled()
            assert _tasks(answer(ready, *check)[0]) == now, change


def _tasks(report: str) -> object:
    return json.loads(report)["tasks"]
