"""A class with its door open: two processes as in a school, and a client of asyncssh in this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from kvmlab.classroom.door.logins import Logins
from kvmlab.classroom.folder import create_class, open_class
from kvmlab.classroom.roster.student import Student
from kvmlab.paths import State
from kvmlab.slowness import given_patience
from tests.classroom.samples import STUDENTS
from tests.conftest import REPOSITORY, clear
from tests.course.conftest import EXAMPLE

WAIT_S = 40


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it holds within some time."""
    end = time.monotonic() + WAIT_S * given_patience()
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


@dataclass
class Opened:
    """`kvmlab class open`, as it runs. `port`: where it listens."""

    process: subprocess.Popen[str]
    port: int
    fingerprint: str
    lines: list[str]
    page: str = ""

    def fronts(self, module: str = "door.front") -> list[int]:
        """The processes that face the network: the one that was begun, and the one in a namespace of its own."""
        listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        (first,) = [int(pid) for pid, parent, args in rows if int(parent) == self.process.pid and module in args]
        return [first, *(int(pid) for pid, parent, _ in rows if int(parent) == first)]

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it; its exit status."""
        self.process.send_signal(how)
        return self.process.wait(WAIT_S * given_patience())


class Codes(asyncssh.SSHClient):
    """A client that types these codes, one after the other, and notes what it is told."""

    def __init__(self, codes: list[str]) -> None:
        self.codes, self.told = list(codes), list[str]()

    def kbdint_auth_requested(self) -> str:
        return ""

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: asyncssh.auth.KbdIntPrompts
    ) -> list[str] | None:
        self.told.append(instructions)
        return [self.codes.pop(0)] if self.codes else None


@dataclass
class School:
    """A class, the command in its folder, and its door."""

    folder: Path
    state: State
    course: Path
    opened: list[Opened] = field(default_factory=list)

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KVMLAB_", "LC_", "LANG"))}
        own = {"KVMLAB_STATE": str(self.state.root), "KVMLAB_SHARED": str(self.state.shared.root)}
        own |= {"KVMLAB_LANG": "en", "PYTHONPATH": str(REPOSITORY)}
        return {**kept, **own, **more}

    def argv(self, *argv: str) -> list[str]:
        own = ["--course", str(self.course), "class", argv[0], "--class", str(self.folder), *argv[1:]]
        return [sys.executable, "-m", "kvmlab", *own]

    def run(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command of `kvmlab class`."""
        return subprocess.run(self.argv(*argv), env=self.environ(**environ), capture_output=True, text=True)

    def codes(self, student: str) -> list[str]:
        """Fresh codes for a student."""
        with open_class(str(self.folder)) as found:
            return Logins(found).give_codes(student)

    def open(self, port: int = 0, *more: str, **environ: str) -> Opened:
        """Open the door, with the page beside it where `more` says so, and wait until it listens."""
        argv = self.argv("open", "--port", str(port), "--listen", "127.0.0.1", *more)
        pipe = subprocess.PIPE
        process = subprocess.Popen(argv, env=self.environ(**environ), stdout=pipe, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        lines, wanted = [], {"Open.\n"} | ({"The page is open.\n"} if "--page" in more else set())
        for line in process.stdout:
            lines.append(line)
            if wanted <= set(lines):
                break
        told = "".join(lines)
        assert wanted <= set(lines), told
        (where,), (fingerprint,) = re.findall(r"port (\d+)", told), re.findall(r"key: (\S+)", told)
        page = "".join(re.findall(r"https?://\S+(?<!#)/(?=[\s,])", told)[-1:])
        self.opened.append(Opened(process, int(where), fingerprint, lines, page))
        return self.opened[-1]

    def processes(self, student: str = "") -> list[int]:
        """The kvmlabs that work in a student's state directory, or in anybody's of the class."""
        mark = f"\0KVMLAB_STATE={self.root(student)}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in b"\0" + (entry / "environ").read_bytes():
                    found += [int(entry.name)] if b"\0kvmlab" in (entry / "cmdline").read_bytes() else []
        return found

    def root(self, student: str = "") -> Path:
        """A student's state directory, or where all of them lie."""
        with open_class(str(self.folder)) as found:
            return found.state_root(Student(student), self.state) if student else found.states_root(self.state)

    @contextlib.asynccontextmanager
    async def client(
        self, student: str, *codes: str, keys: list[asyncssh.SSHKey] | None = None
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """Somebody who comes in."""
        conn, _ = await asyncssh.create_connection(
            lambda: Codes(list(codes)), "127.0.0.1", self.opened[-1].port, username=student, known_hosts=None,
            client_keys=keys or None, agent_path=None, config=[], login_timeout=WAIT_S * given_patience(),
        )  # fmt: skip
        async with conn:
            yield conn


class Typing:
    """A terminal in somebody's hands."""

    def __init__(self, process: asyncssh.SSHClientProcess[str]) -> None:
        self.process, self.seen = process, ""

    async def until(self, pattern: str) -> str:
        """What is shown up to the pattern (re), without colours."""
        began = len(self.seen)
        try:
            async with asyncio.timeout(WAIT_S * given_patience()):
                while not re.search(pattern, self.seen[began:], re.S):
                    more = await self.process.stdout.read(4096)
                    if not more:
                        raise EOFError(self.seen[began:])
                    self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", more)
        except TimeoutError:
            raise AssertionError(f"no {pattern!r} in {self.seen[began:]!r}") from None
        return self.seen[began:]

    async def prompt(self) -> str:
        """What is shown up to the next prompt: on a line of its own, as it is not where a line is being edited."""
        return await self.until(r"\n\r?kvmlab> $")

    async def type(self, line: str) -> str:
        """A line, and what comes of it up to the next prompt."""
        self.process.stdin.write(line + "\n")
        return await self.prompt()


async def terminal(conn: asyncssh.SSHClientConnection) -> Typing:
    """A terminal, at its first prompt."""
    typing = Typing(await conn.create_process(term_type="xterm", term_size=(100, 30)))
    await typing.prompt()
    return typing


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """A class of two on the example course; whatever door of it is open is closed at the end."""
    yield from made(tmp_path, EXAMPLE)


def made(tmp_path: Path, course: Path) -> Iterator[School]:
    school = School(tmp_path / "kvm", State(tmp_path / "state"), course)
    create_class(school.folder, STUDENTS)
    yield school
    for one in school.opened:
        if one.process.poll() is None:
            one.stop()
        if one.process.stdout:
            one.process.stdout.close()


def made_for_lab_hosts(tmp_path: Path, shared_state: State, student: str) -> Iterator[School]:
    """One of the real course, whose images are there; no lab host of the student's is left."""
    for school in made(tmp_path, REPOSITORY):
        school.state = State(tmp_path / "state", shared_state.root)
        yield school
        clear(State(school.root(student), shared_state.root))


@pytest.fixture
def opened(school: School) -> Opened:
    """The door, open."""
    return school.open()
