"""The side of the door that may start things. It believes the front nothing but who has a key.

A code is checked here and lets in once; what lets in is a ticket for one terminal. However the front ends, its
terminals end with it, and another front takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab.classroom.children import environ_of
from kvmlab.classroom.door.fronts import Fronts, Side
from kvmlab.classroom.door.logins import MOST_KEY, Logins
from kvmlab.classroom.door.questions import plain_keys, student_in, text_in
from kvmlab.classroom.door.terminals import DoorTerminal, collect_orphans, sweep_orphans
from kvmlab.classroom.door.wrong_codes import SLOW_S, WrongCodes
from kvmlab.classroom.folder import Class
from kvmlab.classroom.roster.student import Student
from kvmlab.errors import KvmlabError, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.paths import State
from kvmlab.words import t

MOST_TERMINALS, MOST_OF_ONE = 400, 4
"""How many terminals there may be, and of one student."""
HOUSE_S, SWEEP = 2.0, 15
"""How often the terminals are looked at, and after how many times all processes are, though none has ended."""
TICKET_S, MOST_TICKETS = 60.0, 400
WAITING_CODES = 40
"""How many codes may wait to be checked: each takes some milliseconds."""
PROMPT, DOOR = "kvmlab.cli.door.prompt", "kvmlab.classroom.door.front"
SHIELDED = ("env", "--ignore-signal=INT,QUIT")
"""What the prompt is started by (env(1)): Ctrl-C may be typed before its Python can take it."""
GIVEN = "KVMLAB_DOOR"
"""The environment variable in which the prompt is told who has come in."""
_NOT_PASSED_ON = re.compile(
    r"EDITOR|VISUAL|PAGER|MANPAGER|LESS.*|MORE|COLUMNS|LINES|LC_.*|LANGUAGE|SSH_.*|KVMLAB_DEBUG"
)
_TERM = re.compile(r"[a-z0-9][a-z0-9.+-]{0,39}")


class _Ticket(NamedTuple):
    student: str
    keys: tuple[str, ...]
    until: float


class Desk:
    """The desk of one class. `tell`: is told who comes in, a line each."""

    def __init__(self, of_class: Class, shared: State, course_dir: Path, tell: Callable[[str], None]) -> None:
        self._class, self._shared, self.course_dir, self.tell = of_class, shared, course_dir, tell
        self._logins, self._wrong = Logins(of_class), WrongCodes()
        self._tickets: dict[str, _Ticket] = {}
        self._terminals: list[DoorTerminal] = []
        self._hashing, self._waiting = ThreadPoolExecutor(max_workers=2), 0
        self.children: set[int] = set()
        """Numbers of processes of ours that are waited for elsewhere."""
        self._fronts = Fronts(tell, self.children, self._empty)

    def _empty(self) -> Path:
        """Made beside the students' state directories."""
        self._class.state(Student(""), self._shared)
        empty = self._class.states_root(self._shared) / "empty"
        empty.mkdir(mode=0o500, exist_ok=True)
        return empty

    def door(self, listener: socket.socket) -> Side:
        """Students come in by SSH there."""
        first = {"host_key": self._logins.host_key().export_private_key().decode()}
        verbs = {"key": self._key, "enter": self._enter, "code": self._code, "open": self._open}
        return Side(DOOR, listener, first, verbs, lambda: None, self._no_tickets, t("Open."))

    async def _no_tickets(self) -> None:
        self._tickets.clear()

    async def run(self, *sides: Side) -> None:
        """Keep a front at each listener until we are cancelled; then all that was opened is ended."""
        collect_orphans()
        keeping = [asyncio.create_task(one) for one in (self._keep_house(sides), *map(self._fronts.keep, sides))]
        try:
            await asyncio.gather(*keeping)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            self._end_all()
            self._hashing.shutdown(cancel_futures=True)

    async def _key(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
        """Whether a public key is one of a student's."""
        return {"known": self._has_key(student_in(asked), text_in(asked, "key", MOST_KEY))}, None

    async def _enter(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
        """A ticket for a student whom the front has seen sign with one of their keys."""
        student = student_in(asked)
        if not self._has_key(student, text_in(asked, "key", MOST_KEY)):
            return {}, None
        return self._ticket(student, (), t("a key"), text_in(asked, "address", 100)), None

    async def _code(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
        """A ticket for a code."""
        student, _ = await self.use_code(asked)
        keys = tuple(plain_keys(asked.get("keys")))
        return self._ticket(student, keys, t("a code"), text_in(asked, "address", 100)), None

    async def use_code(self, asked: Mapping[str, Any]) -> tuple[str, str]:
        """Who has a code that lets them in, and the code as it is stored; never again from now on. UsageError where it
        lets nobody in. Those who are not in the class take as long to refuse as those who are."""
        student, code, address = student_in(asked), text_in(asked, "code", 100), text_in(asked, "address", 100)
        if self._waiting >= WAITING_CODES:
            raise UsageError(t("That cannot be done now."))
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            hashed = await loop.run_in_executor(self._hashing, self._logins.hash, student, code)
        finally:
            self._waiting -= 1
        if not self._logins.use(student, hashed):
            late = self._wrong.too_often(student=student, address=address)
            self._wrong.again(student=student, address=address)
            await asyncio.sleep(SLOW_S if late else 0)
            raise UsageError(t("No code that lets {student} in, or it has let somebody in before.", student=student))
        return student, hashed

    def _has_key(self, student: str, key: str) -> bool:
        return key in self._logins.keys(student)

    def _ticket(self, student: str, keys: tuple[str, ...], by: str, address: str) -> dict[str, Any]:
        now = time.monotonic()
        self._tickets = {name: one for name, one in self._tickets.items() if one.until > now}
        if len(self._tickets) >= MOST_TICKETS:
            return {"refused": t("That cannot be done now.")}
        name = secrets.token_hex(16)
        self._tickets[name] = _Ticket(student, keys, now + TICKET_S)
        self.tell_who(student, by, address)
        return {"ticket": name}

    def tell_who(self, student: str, by: str, address: str) -> None:
        """Tell the instructor that somebody has come in."""
        when = time.strftime("%H:%M:%S")
        self.tell(t("{when}  {student} has come in with {by}, from {address}", when=when, student=student, by=by,
                     address=address))  # fmt: skip

    async def _open(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
        """The terminal that a ticket is for."""
        ticket = self._tickets.pop(text_in(asked, "ticket", 64), None)
        if ticket is None or ticket.until < time.monotonic() or ticket.student not in self._logins.students():
            return {"refused": t("That cannot be done now.")}, None
        size = (int(asked["columns"]), int(asked["rows"]))
        term = text_in(asked, "term", 100)
        visitor = {"folder": str(self._class.folder), "student": ticket.student, "keys": ticket.keys,
                   "course": str(self.course_dir)}  # fmt: skip
        own = {"TERM": term if _TERM.fullmatch(term) else "dumb", GIVEN: json.dumps(visitor)}
        terminal = self.terminal(ticket.student, [*SHIELDED, sys.executable, "-P", "-m", PROMPT], own, size)
        killpoint("door.terminal")
        return {}, terminal.other_side

    def terminal(
        self, student: str, argv: Sequence[str], environ: Mapping[str, str], size: tuple[int, int]
    ) -> DoorTerminal:
        """A terminal of a student's; whoever asked closes its other side. UsageError where they have too many."""
        self._end_those_that_have_ended()
        count = sum(one.student == student for one in self._terminals)
        if count >= MOST_OF_ONE or len(self._terminals) >= MOST_TERMINALS:
            raise UsageError(t("{count} terminals are open already; close one.", count=count))
        # less(1), "SECURITY": with LESSSECURE it runs nothing, and opens and writes no other file.
        own = {"LANG": "C.UTF-8", "LESSSECURE": "1", "LESSHISTFILE": "-", "PAGER": "less", **environ}
        terminal = DoorTerminal(student, argv, {**self.environ(student), **own}, size)
        self._terminals.append(terminal)
        return terminal

    def environ(self, student: str) -> dict[str, str]:
        """The environment of a kvmlab of theirs; UsageError where their lab hosts are on another server."""
        if place := self._class.book.places().get(student):
            raise UsageError(
                t("Your lab hosts are on {server}, and no way leads there from here.", server=place.server)
            )
        state = self._class.state(Student(student), self._shared)
        state.labs  # noqa: B018  makes the state directory, and sees that it is ours
        environ = environ_of(state, self.course_dir, self._class.seed(Student(student)))
        return {name: value for name, value in environ.items() if not _NOT_PASSED_ON.fullmatch(name)}

    async def _keep_house(self, sides: Sequence[Side]) -> None:
        """Bury who has ended, and hang up on who is in the class no more."""
        for rounds in itertools.count(1):
            await asyncio.sleep(HOUSE_S)
            with contextlib.suppress(KvmlabError, OSError):
                there = self._logins.students()
                for one in self._terminals:
                    if one.student not in there:
                        one.hang_up()
                for side in sides:
                    side.look()
            self._end_those_that_have_ended(sweep=rounds % SWEEP == 0)

    def _end_those_that_have_ended(self, *, sweep: bool = False) -> None:
        there = [one for one in self._terminals if not one.ended()]
        sweep, self._terminals = sweep or len(there) < len(self._terminals), there
        if not sweep:
            return
        sweep_orphans({*self.children, *(one.pid for one in self._terminals)})

    def _end_all(self) -> None:
        while self._terminals:
            for one in self._terminals:
                one.hang_up()
            time.sleep(0.1)
            self._end_those_that_have_ended()
