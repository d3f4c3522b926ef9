"""A word to students, whatever they are at."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tty
from pathlib import Path

import pytest

from kvmlab.classroom.messages import put
from tests.child import child
from tests.classroom.door.conftest import Opened, School, terminal

ANNA, BO = "2026001", "2026002"


def test_it_is_shown_on_their_terminal(school: School, opened: Opened) -> None:
    """At the prompt and below a verb; without control characters. Who has no terminal is a row that says so."""

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            typing = await terminal(conn)
            for verb in ("", "quiz net"):
                if verb:
                    typing.process.stdin.write(f"{verb}\n")
                    await typing.until(r"question 1 of .*: $")
                done = await asyncio.to_thread(school.run, "message", "Ten", "minutes\x1b]0;x\x07left.")
                assert done.returncode == 0, done.stderr
                assert "2026001  Anna  shown on 1 terminals" in done.stdout
                assert "2026002  Bo    is at no terminal" in done.stdout
                await typing.until(r"From your teacher: Ten minutes\]0;xleft\.\s+")
            done = await asyncio.to_thread(school.run, "message", "Only Bo", "--student", BO)
            assert "Anna" not in done.stdout
            assert "Only Bo" not in await typing.type("a\na\na\n\x03")

    asyncio.run(come_in())
    assert school.run("message").returncode == 2


def test_a_terminal_that_does_not_take_it_is_left_out(tmp_path: Path) -> None:
    """Nobody reads there: nothing waits for it."""
    master, side = os.openpty()
    tty.setraw(side)
    child = os.fork()
    if child == 0:
        os.dup2(side, 1)
        os.execve("/bin/sleep", ["sleep", "60"], {"KVMLAB_STATE": str(tmp_path)})
    try:
        while put(tmp_path, "x" * 1000):
            pass
        assert put(tmp_path.parent, "x") == 0
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(master)
        os.close(side)


@pytest.mark.parametrize(("namespaces", "count"), [([], 1), (["unshare", "-rm"], 0)])
def test_a_lab_hosts_terminals_are_none(tmp_path: Path, namespaces: list[str], count: int) -> None:
    """Root there, with another student's state directory in the environment, is told nothing."""
    if namespaces and subprocess.run([*namespaces, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no namespaces for ordinary users here")
    ours, side = os.openpty()
    argv, environ = [*namespaces, "sh", "-c", "echo here; sleep 60"], {**os.environ, "KVMLAB_STATE": str(tmp_path)}
    with child(argv, stdout=side, env=environ):
        assert os.read(ours, 100) == b"here\r\n"
        assert put(tmp_path, "secret") == count
    os.close(ours)
    os.close(side)
