"""A student with a code comes in, starts a lab, looks, works on the lab host, and is cut off in the middle."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.paths import State
from tests.classroom.door.conftest import School, Typing, made_for_lab_hosts, soon, terminal

ANNA, LAB = "2026001", "principles-cpu"
"""Its guests are the same in all variants."""


@pytest.fixture
def school(tmp_path: Path, shared_state: State) -> Iterator[School]:
    yield from made_for_lab_hosts(tmp_path, shared_state, ANNA)


def marked(mark: str) -> bool:
    """Whether `sleep MARK` runs anywhere."""
    return f"sleep {mark}" in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


async def on_the_lab_host(typing: Typing, command: str, pattern: str) -> str:
    """What a command in the lab host's shell shows."""
    typing.process.stdin.write(f"{command}\n")
    return await typing.until(pattern)


@pytest.mark.guest
def test_from_the_code_to_the_lab_host(school: School) -> None:
    """The shell is root's on her lab host; a cut line ends it and what it ran, and the lab host stays."""
    opened, mark = school.open(), "54321.5"

    async def come_in() -> None:
        first, second, third = school.codes(ANNA)
        async with school.client(ANNA, first) as conn:
            typing = await terminal(conn)
            assert "is ready" in await typing.type(f"kvmlab start {LAB}")
            assert "the first task that is not done" in await typing.type(f"check {LAB}")
            typing.process.stdin.write(f"shell {LAB}\n")
            await typing.until("kvmhost:~# $")
            assert "uid=0" in await on_the_lab_host(typing, "id; virsh list --name", r"web1\s.*# $")
            await on_the_lab_host(typing, "kvmlab status", r"principles-cpu.*# $")
            typing.process.stdin.write("exit\n")
            await typing.prompt()
            assert "There is no `id` here." in await typing.type("id")
            typing.process.stdin.write(f"shell {LAB}\n")
            await typing.until("kvmhost:~# $")
            typing.process.stdin.write(f"sleep {mark}\n")
            assert await asyncio.to_thread(soon, lambda: marked(mark))
            conn.abort()
            assert await asyncio.to_thread(soon, lambda: not marked(mark))
        assert await asyncio.to_thread(soon, lambda: school.processes(ANNA) == [])
        async with school.client(ANNA, second) as conn:
            typing = await terminal(conn)
            assert "running" in await typing.type("status")
        assert opened.stop() == 0
        assert f"{LAB}: running" in school.run("status").stdout, "the lab host stays when the door is closed"
        school.open()
        async with school.client(ANNA, third) as conn:
            typing = await terminal(conn)
            assert "is finished" in await typing.type(f"finish {LAB}")

    asyncio.run(come_in())
