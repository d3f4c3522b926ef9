"""The side of the door that may start things. It believes the front nothing but who has a key.

A code is checked here and lets in once; what lets in is a ticket for one terminal. However the front ends, its
terminals end with it, and another front takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab import words
from kvmlab.classroom.children import environ_of
from kvmlab.classroom.door import wire
from kvmlab.classroom.door.logins import MOST_KEY, Logins, plain_key, read_key
from kvmlab.classroom.door.terminals import DoorTerminal, collect_orphans, sweep_orphans
from kvmlab.classroom.folder import Class
from kvmlab.classroom.roster.student import ID, Student
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
WRONG, WRONG_S, SLOW_S, MOST_WRONG = {"student": 10, "address": 200}, 600.0, 10.0, 5000
"""After so many wrong codes within ten minutes, for one student or from one address (a school may have but one), each
wrong one is answered late. The right one lets in at once all the same: nobody can keep another out by trying codes in
their name, and 59 bits are not guessed at this pace. Of so many students and addresses it is known."""
PROMPT, DOOR = "kvmlab.cli.door.prompt", "kvmlab.classroom.door.front"
GIVEN = "KVMLAB_DOOR"
"""The environment variable in which the prompt is told who has come in."""
_NOT_PASSED_ON = re.compile(
    r"EDITOR|VISUAL|PAGER|MANPAGER|LESS.*|MORE|COLUMNS|LINES|LC_.*|LANGUAGE|SSH_.*|KVMLAB_DEBUG"
)
_TERM = re.compile(r"[a-z0-9][a-z0-9.+-]{0,39}")
_FRONTS, _FRONTS_S, _PAUSE_S = 5, 60.0, 5.0
"""A front that ends is followed by another; after so many of them in so many seconds, with a pause before it."""


Verb = Callable[[Mapping[str, Any]], Coroutine[Any, Any, tuple[dict[str, Any], int | None]]]


class Side(NamedTuple):
    """A process that faces the network: the module it is and where it listens, what it is told first, what it may ask
    for, what is to be done now and then, and when it has ended. `opened`: what the instructor is told once it lets
    people in."""

    module: str
    listener: socket.socket
    first: Mapping[str, object]
    verbs: Mapping[str, Verb]
    look: Callable[[], None]
    ended: Callable[[], Coroutine[Any, Any, None]]
    opened: str


class _Ticket(NamedTuple):
    student: str
    keys: tuple[str, ...]
    until: float


class Wrong:
    """How often a code was wrong lately, by student and by address."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], deque[float]] = {}

    def too_often(self, **who: str) -> bool:
        """Whether any of them is answered late."""
        self._forget()
        return any(len(self._times.get(one, ())) >= WRONG[one[0]] for one in who.items())

    def again(self, **who: str) -> None:
        """Once more."""
        for one in who.items():
            self._times.setdefault(one, deque(maxlen=WRONG[one[0]])).append(time.monotonic())
        while len(self._times) > MOST_WRONG:
            del self._times[next(iter(self._times))]

    def _forget(self) -> None:
        oldest = time.monotonic() - WRONG_S
        for one, times in list(self._times.items()):
            while times and times[0] < oldest:
                times.popleft()
            if not times:
                del self._times[one]


class Desk:
    """The desk of one class. `tell`: is told who comes in, a line each."""

    def __init__(self, of_class: Class, shared: State, course_dir: Path, tell: Callable[[str], None]) -> None:
        self._class, self._shared, self.course_dir, self.tell = of_class, shared, course_dir, tell
        self._logins, self._wrong = Logins(of_class), Wrong()
        self._tickets: dict[str, _Ticket] = {}
        self._terminals: list[DoorTerminal] = []
        self._hashing, self._waiting = ThreadPoolExecutor(max_workers=2), 0
        self.children: set[int] = set()
        """Numbers of processes of ours that are waited for elsewhere."""

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
        keeping = [asyncio.create_task(one) for one in (self._keep_house(sides), *map(self._keep_front, sides))]
        try:
            await asyncio.gather(*keeping)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            self._end_all()
            self._hashing.shutdown(cancel_futures=True)

    async def _keep_front(self, side: Side) -> None:
        began: deque[float] = deque(maxlen=_FRONTS)
        while True:
            if len(began) == _FRONTS and time.monotonic() - began[0] < _FRONTS_S:
                self.tell(t("The process that faces the network ends again and again."))
                await asyncio.sleep(_PAUSE_S)
            began.append(time.monotonic())
            await self._with_front(side)
            self.tell(t("The process that faces the network has ended; another takes its place."))

    async def _with_front(self, side: Side) -> None:
        ours, theirs = wire.pair()
        with ours:
            with theirs:
                numbers = (side.listener.fileno(), theirs.fileno())
                front = subprocess.Popen(
                    [sys.executable, "-P", "-m", side.module, *map(str, numbers)],
                    env={"HOME": "/", **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}},
                    cwd="/",
                    pass_fds=numbers,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # the instructor's terminal is not for it to read and write
                    stderr=None if os.environ.get("KVMLAB_DEBUG") else subprocess.DEVNULL,
                    start_new_session=True,
                )
            try:
                self.children.add(front.pid)
                killpoint("door.front")
                with contextlib.suppress(ConnectionError):  # it has ended before it could be told anything
                    await self._serve(ours, side)
            finally:
                front.kill()
                front.wait()
                self.children.discard(front.pid)
                await side.ended()

    async def _serve(self, front: socket.socket, side: Side) -> None:
        """Answer until the front is gone."""
        front.setblocking(False)
        empty = self._class.states_root(self._shared) / "empty"
        self._class.state(Student(""), self._shared)
        empty.mkdir(mode=0o500, exist_ok=True)
        wire.say(front, {**side.first, "lang": words.language(), "empty": str(empty)})
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def heard() -> None:
            with contextlib.suppress(BlockingIOError, ValueError):
                try:
                    message = wire.hear(front)
                except ConnectionError:
                    message = None
                if message is None:
                    gone.set()
                    return
                if message.terminal is not None:
                    os.close(message.terminal)
                task = asyncio.create_task(self._answer(front, side, message.said))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        loop.add_reader(front.fileno(), heard)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(front.fileno())
            for task in tasks:
                task.cancel()

    async def _answer(self, front: socket.socket, side: Side, asked: Mapping[str, Any]) -> None:
        """One question; nothing that is wrong with it, or here, ends more than itself."""
        verbs: dict[str, Verb] = {**side.verbs, "ready": partial(self._ready, side)}
        number, verb = asked.get("number"), verbs.get(str(asked.get("verb")))
        if not isinstance(number, int):
            return
        said: dict[str, Any] = {}
        terminal: int | None = None
        try:
            if verb is not None:
                said, terminal = await verb(asked)
        except KvmlabError as error:
            said = {"refused": error.message}
        except (OSError, KeyError, TypeError, ValueError, OverflowError):
            said = {"refused": t("That cannot be done now.")}
        finally:
            with contextlib.suppress(OSError, ValueError):
                wire.say(front, {**said, "number": number}, terminal)
            if terminal is not None:
                os.close(terminal)

    async def _ready(self, side: Side, asked: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
        """It listens from now on, and has told what it could not give up."""
        self.tell(side.opened)
        named = {"namespaces": t("other networks and processes"), "files": t("files")}
        if left := [name for one, name in named.items() if one in asked["left"]]:
            said = t("The process that faces the network could not be shut off from: {what}.", what=", ".join(left))
            self.tell(said)
        return {}, None

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
        keys = tuple(_plain_keys(asked.get("keys")))
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
        terminal = self.terminal(ticket.student, [sys.executable, "-P", "-m", PROMPT], own, size)
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
        """The environment of a kvmlab of theirs."""
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


def text_in(asked: Mapping[str, Any], name: str, most: int) -> str:
    """A text of that name, so many characters long at most; ValueError where there is none."""
    value = asked.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(name)
    return value


def student_in(asked: Mapping[str, Any]) -> str:
    """The id of a student, of this class or of none; ValueError where it is none."""
    student = text_in(asked, "student", 64)
    if not ID.fullmatch(student):
        raise ValueError("student")
    return student


def _plain_keys(shown: object) -> list[str]:
    """Those of the keys that a client has shown which could be let in."""
    found = []
    for one in shown if isinstance(shown, list) else ():
        with contextlib.suppress(KvmlabError):
            found.append(plain_key(read_key(str(one))))
    return found
