"""The desk's side of the page: who is let in to it by a code, and what is done there for whom.

What a student's kvmlab prints goes to the page's process by a socket of its own, and what it is told comes by it; it
never passes through here. As at the SSH door a process that was taken over acts as whoever has a session meanwhile.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from kvmlab import words
from kvmlab.classroom.door.certificate import Certificate
from kvmlab.classroom.door.desk import Desk
from kvmlab.classroom.door.fronts import Side, Verb
from kvmlab.classroom.door.logins import Logins
from kvmlab.classroom.door.page_run import SAID, PageRun
from kvmlab.classroom.door.questions import text_in
from kvmlab.classroom.door.runs import Way, way_of
from kvmlab.classroom.door.sessions import Sessions
from kvmlab.classroom.door.terminals import DoorTerminal
from kvmlab.classroom.folder import Class
from kvmlab.errors import UsageError
from kvmlab.killpoints import killpoint
from kvmlab.process import PARENT
from kvmlab.words import t

FRONT, TURN = "kvmlab.page.classroom.front", "kvmlab.cli.door.turn"
MOST_SESSION = 200  # characters
MOST_RUNS, MOST_OF_ONE = 1000, 16
"""How many kvmlabs may run for the page, and for one student."""
BOARD = ("class", "board", "--json")
"""The one line that is the instructor's."""
INSTRUCTOR_S = 12 * 3600.0
KEPT_S = 60.0
"""How long it is known of one that has ended how it did."""

Answer = tuple[dict[str, Any], int | None]


class PageDesk:
    """The page of one class, at its desk."""

    def __init__(self, of_class: Class, desk: Desk) -> None:
        self._class, self._desk = of_class, desk
        self._sessions, self._logins = Sessions(of_class), Logins(of_class)
        self._token, self._origin = secrets.token_urlsafe(24), ""
        self._instructors: dict[str, float] = {}
        self._runs: dict[int, PageRun] = {}
        self._terminals: list[tuple[str, DoorTerminal]] = []
        self._numbers, self._tasks = itertools.count(1), set[asyncio.Task[None]]()

    def side(self, listener: socket.socket, hosts: list[str], certificate: Certificate | None) -> Side:
        """Browsers come in there. `hosts`: what the page may be reached as; `certificate`: None behind a proxy."""
        self._origin = f"https://{hosts[0]}"
        first = {
            "hosts": hosts,
            "certificate": certificate.pem if certificate else "",
            "secret": self._class.secret("page").hex(),
            "course": str(self._desk.course_dir),
        }
        verbs: dict[str, Verb] = {
            "login": self._login,
            "instruct": self._instruct,
            "session": self._session,
            "logout": self._logout,
            "run": partial(_speaking, self._run),
            "wait": self._wait,
            "end": self._end,
            "terminal": partial(_speaking, self._terminal),
        }
        return Side(FRONT, listener, first, verbs, self._look, self._end_all, t("The page is open."))

    async def _login(self, asked: Mapping[str, Any]) -> Answer:
        """A session for a code."""
        student, hashed = await self._desk.use_code(asked)
        self._desk.tell_who(student, t("a code, in a browser"), text_in(asked, "address", 100))
        return {"session": self._sessions.of_code(hashed)}, None

    @property
    def link(self) -> str:
        """What lets one browser see the board, once. A browser does not send what stands behind the `#`."""
        return f"{self._origin}/#token={self._token}"

    async def _instruct(self, asked: Mapping[str, Any]) -> Answer:
        """A session for the token of the link, which sees the board and nothing else."""
        token = text_in(asked, "token", 100)
        if not hmac.compare_digest(token.encode(errors="replace"), self._token.encode()):
            return {}, None
        session, self._token = f"instructor.{secrets.token_hex(32)}", secrets.token_urlsafe(24)
        self._instructors[session] = time.monotonic() + INSTRUCTOR_S
        address = text_in(asked, "address", 100)
        self._desk.tell(
            t("{when}  the board was opened from {address}", when=time.strftime("%H:%M:%S"), address=address)
        )
        self._desk.tell(t("The board, in one browser: {url}", url=self.link))
        return {"session": session}, None

    def _is_instructor(self, session: str) -> bool:
        return self._instructors.get(session, 0.0) > time.monotonic()

    def _lives(self, session: str) -> bool:
        return self._is_instructor(session) or self._sessions.student(session) is not None

    def _student(self, asked: Mapping[str, Any]) -> tuple[str, str]:
        """A session that was shown, and whose it is; UsageError where it is none."""
        session = text_in(asked, "session", MOST_SESSION)
        student = self._sessions.student(session)
        if student is None:
            raise UsageError(t("This browser has not been let in."))
        return session, student

    async def _session(self, asked: Mapping[str, Any]) -> Answer:
        """Whose it is."""
        if self._is_instructor(text_in(asked, "session", MOST_SESSION)):
            return {"instructor": True}, None
        return {"student": self._student(asked)[1]}, None

    async def _logout(self, asked: Mapping[str, Any]) -> Answer:
        """A session ends, with all that was begun in it."""
        session = text_in(asked, "session", MOST_SESSION)
        if self._instructors.pop(session, None) is None:
            self._sessions.end(self._student(asked)[0])
        self._look()
        return {}, None

    def _argv(self, asked: Mapping[str, Any], way: Way) -> list[str]:
        module = TURN if way.turn else "kvmlab"
        return [sys.executable, "-P", "-m", module, "--lang", words.language(), *asked["words"]]

    async def _run(self, asked: Mapping[str, Any]) -> Answer:
        """A kvmlab of the student's, and the socket to it."""
        if self._is_instructor(text_in(asked, "session", MOST_SESSION)):
            return self._board(asked)
        (session, student), way = self._student(asked), way_of(asked.get("words"))
        if way.terminal:
            raise ValueError("words")
        return self._begin(session, student, self._argv(asked, way), self._desk.environ(student), way)

    def _board(self, asked: Mapping[str, Any]) -> Answer:
        """What `kvmlab class board --json` says, for the instructor."""
        if asked.get("words") != list(BOARD):
            raise UsageError(t("The page does not know how to do that."), "kvmlab class board")
        own = ["--course", str(self._desk.course_dir), "--lang", words.language()]
        argv = [sys.executable, "-P", "-m", "kvmlab", *own, *BOARD, f"--class={self._class.folder}"]
        return self._begin(asked["session"], "", argv, dict(os.environ), Way(BOARD))

    def _begin(self, session: str, student: str, argv: list[str], environ: dict[str, str], way: Way) -> Answer:
        count = sum(run.student == student for run in self._runs.values())
        if count >= MOST_OF_ONE or len(self._runs) >= MOST_RUNS:
            raise UsageError(t("Too much is being done for you already."))
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                argv, env={**environ, PARENT: str(os.getpid())}, cwd="/", start_new_session=True, text=False,
                stdin=theirs.fileno() if way.reads else subprocess.DEVNULL, stdout=theirs.fileno(),
                stderr=subprocess.STDOUT if way.lines else subprocess.PIPE,
            )  # fmt: skip
        self._desk.children.add(process.pid)
        number, run = next(self._numbers), PageRun(session, student, process)
        self._runs[number] = run
        run.ended.add_done_callback(lambda _: self._has_ended(number, process.pid))
        killpoint("door.run")
        return {"run": number}, ours.detach()

    def _has_ended(self, number: int, pid: int) -> None:
        self._desk.children.discard(pid)
        asyncio.get_running_loop().call_later(KEPT_S, self._runs.pop, number, None)

    def _its(self, asked: Mapping[str, Any]) -> tuple[int, PageRun]:
        number = asked.get("run")
        run = self._runs.get(number) if isinstance(number, int) else None
        if run is None or run.session != asked.get("session"):
            raise ValueError("run")
        return int(asked["run"]), run

    async def _wait(self, asked: Mapping[str, Any]) -> Answer:
        """How a run has ended, and what it has said on standard error; asked once."""
        number, run = self._its(asked)
        try:
            await asyncio.shield(run.ended)
        finally:
            if run.ended.done():
                self._runs.pop(number, None)
        return {"status": run.process.returncode, "said": run.said.decode(errors="replace")[-SAID // 4 :]}, None

    async def _end(self, asked: Mapping[str, Any]) -> Answer:
        """A run is to end."""
        await self._its(asked)[1].end()
        return {}, None

    async def _terminal(self, asked: Mapping[str, Any]) -> Answer:
        """A terminal on the student's lab host, or one of its guests."""
        (session, student), way = self._student(asked), way_of(asked.get("words"))
        if not way.terminal:
            raise ValueError("words")
        own = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        terminal = self._desk.terminal(student, self._argv(asked, way), own, (100, 30))
        self._terminals.append((session, terminal))
        killpoint("door.terminal")
        return {}, terminal.other_side

    def _look(self) -> None:
        """What belongs to a session that has ended, ends."""
        self._terminals = [(session, one) for session, one in self._terminals if not one.ended()]
        there = {session for session, _ in self._terminals} | {run.session for run in self._runs.values()}
        over = {session for session in there if not self._lives(session)}
        for session, terminal in self._terminals:
            if session in over:
                terminal.hang_up()
        for run in self._runs.values():
            if run.session in over and not run.ended.done():
                task = asyncio.create_task(run.end())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _end_all(self) -> None:
        """The front has ended: nobody waits for any of it."""
        for _, terminal in self._terminals:
            terminal.hang_up()
        await asyncio.gather(*(run.end() for run in self._runs.values()))
        self._runs.clear()


async def _speaking(verb: Verb, asked: Mapping[str, Any]) -> Answer:
    """What is asked in a student's language is answered in it."""
    if (lang := asked.get("lang")) not in words.LANGUAGES:
        raise ValueError("lang")
    with words.speaking(str(lang)):
        return await verb(asked)
