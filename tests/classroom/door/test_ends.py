"""However it ends, nothing is left running but lab hosts, and the door opens again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest

from kvmlab.classroom.door.desk import MOST_OF_ONE
from kvmlab.slowness import given_patience
from tests.classroom.door.conftest import WAIT_S, Opened, School, soon, terminal

ANNA, BO = "2026001", "2026002"
HANGING = "quiz net"
"""A verb that waits for its student."""


async def sits_there(conn: asyncssh.SSHClientConnection) -> None:
    """A terminal with a verb running."""
    typing = await terminal(conn)
    typing.process.stdin.write(f"{HANGING}\n")
    await typing.until("question 1 of")


def test_a_cut_line_ends_what_ran_there(school: School, opened: Opened) -> None:
    async def come_in() -> None:
        first, second, _ = school.codes(ANNA)
        async with school.client(ANNA, first) as conn, school.client(ANNA, second) as other:
            await sits_there(conn)
            typing = await terminal(other)
            assert len(school.processes(ANNA)) == 3
            conn.abort()
            assert await asyncio.to_thread(soon, lambda: len(school.processes(ANNA)) == 1)
            assert "net-bridge" in await typing.type("list"), "her other terminal goes on"

    asyncio.run(come_in())
    assert soon(lambda: school.processes() == [])
    assert opened.stop() == 0


def test_so_many_terminals_and_no_more(school: School, opened: Opened) -> None:
    async def come_in() -> None:
        codes = [*school.codes(BO)]
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(MOST_OF_ONE):
                codes = codes or school.codes(BO)
                await terminal(await stack.enter_async_context(school.client(BO, codes.pop())))
            codes = codes or school.codes(BO)
            conn = await stack.enter_async_context(school.client(BO, codes.pop()))
            done = await conn.run(term_type="xterm")
            assert (done.exit_status, done.stdout) == (1, "kvmlab: 4 terminals are open already; close one.\r\n")

    asyncio.run(come_in())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_desk_ends(school: School, opened: Opened, how: signal.Signals) -> None:
    """Killed or told: its front and all terminals end with it, and the same port is open again."""

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            await sits_there(conn)
            there = [*opened.fronts(), *school.processes(ANNA)]
            assert opened.stop(how) == (0 if how != signal.SIGKILL else -9)
            assert await asyncio.to_thread(soon, lambda: not any(Path(f"/proc/{one}/exe").exists() for one in there))
            await asyncio.wait_for(conn.wait_closed(), WAIT_S * given_patience())

    asyncio.run(come_in())
    again = school.open(port=opened.port)
    assert (again.port, again.fingerprint) == (opened.port, opened.fingerprint)


@pytest.mark.parametrize("which", [0, 1])
def test_the_front_is_killed(school: School, opened: Opened, which: int) -> None:
    """Terminals end with it; another one takes its place."""

    async def come_in() -> None:
        first, second, _ = school.codes(ANNA)
        async with school.client(ANNA, first) as conn:
            await sits_there(conn)
            os.kill(opened.fronts()[which], signal.SIGKILL)
            assert await asyncio.to_thread(soon, lambda: school.processes(ANNA) == [])
        assert opened.process.stdout is not None
        told = [await asyncio.to_thread(opened.process.stdout.readline) for _ in range(3)]
        assert told[1:] == ["The process that faces the network has ended; another takes its place.\n", "Open.\n"]
        async with school.client(ANNA, second) as conn:
            await terminal(conn)

    asyncio.run(come_in())


@pytest.mark.parametrize("at", ["door.front", "door.used", "door.terminal"])
def test_killed_at_every_step(school: School, at: str) -> None:
    """The desk dies there; opened again, a code that was not used lets in."""

    async def come_in(*codes: str) -> None:
        async with school.client(ANNA, *codes) as conn:
            await terminal(conn)

    first, second, _ = school.codes(ANNA)
    with contextlib.suppress(AssertionError):  # it never listens
        school.open(KVMLAB_DIE_AT=at)
        with pytest.raises((asyncssh.Error, OSError, EOFError)):
            asyncio.run(come_in(first))
        assert school.opened[-1].process.wait(WAIT_S) == -9
    assert soon(lambda: school.processes() == [])
    school.open()
    asyncio.run(come_in(second))


def test_two_instructors(school: School, opened: Opened) -> None:
    """The second is told, and changes nothing."""
    done = school.run("open", "--port", "0")
    assert done.returncode == 3 and "is open already" in done.stderr and "Traceback" not in done.stderr

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            await terminal(conn)

    asyncio.run(come_in())


def test_a_port_that_is_taken(school: School, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    other = School(school.folder.with_name("other"), school.state, school.course)
    subprocess.run(["cp", "-a", str(school.folder), str(other.folder)], check=True)
    done = other.run("open", "--port", str(opened.port), "--listen", "127.0.0.1", KVMLAB_STATE=f"{other.folder}-state")
    assert done.returncode == 3 and f"Port {opened.port} of 127.0.0.1 cannot be listened at" in done.stderr


def test_what_the_front_has_given_up(school: School, opened: Opened) -> None:
    """No capability, nothing to gain, no file, no other network; sockets and /dev/null are all that it holds."""
    front = Path(f"/proc/{opened.fronts()[-1]}")
    status = dict(line.split(":\t", 1) for line in (front / "status").read_text().splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0
    assert status["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        assert status["Uid"].split() == ["65533"] * 4 == status["Gid"].split() and status["Groups"].strip() == ""
        assert list((front / "root").iterdir()) == []
        assert (front / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        kinds = {str(one.readlink()).partition(":")[0] for one in (front / "fd").iterdir()}
        assert kinds <= {"socket", "/dev/null", "anon_inode"}
        assert (front / "environ").read_bytes().startswith(b"HOME=/")
    limits = (front / "limits").read_text()
    assert all(word in limits for word in ("Max processes             0 ", "Max file size             0 "))


SWEEPING = """
import os, subprocess, sys, time
from kvmlab.classroom.door.terminals import collect_orphans, sweep_orphans
collect_orphans()
program, sleep = sys.argv[1], "import time; time.sleep(60)"
for argv in ([program, "-c", sleep, "--exec-process-spec", "x"], [program, "-c", sleep, "--name", "lab"],
             [sys.executable, "-c", sleep, "-m", "kvmlab.cli.warm"]):
    subprocess.run(["setsid", "--fork", *argv], check=True)
known = subprocess.Popen([program, "-c", sleep, "--exec-process-spec", "y"])
time.sleep(0.5)
for _ in range(3):
    sweep_orphans({known.pid})
    time.sleep(0.2)
print(subprocess.run(["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout)
known.kill()
subprocess.run(["pkill", "-P", str(os.getpid())])
"""


def test_what_is_left_of_a_terminal_is_ended_but_lab_hosts_stay(tmp_path: Path) -> None:
    """An orphaned shell on a lab host, and a kvmlab in a session of its own; not a lab host, nor who is known."""
    program = tmp_path / "conmon"
    program.symlink_to(sys.executable)
    done = subprocess.run([sys.executable, "-c", SWEEPING, str(program)], capture_output=True, text=True, check=True)
    left = [line.split("time.sleep(60) ")[1] for line in done.stdout.splitlines() if "time.sleep(60)" in line]
    assert sorted(left) == ["--exec-process-spec y", "--name lab"]
