"""What happens with labs, as the page tells of it: the checks as they turn, and what start, reset … are doing."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from kvmlab.errors import CannotRun, KvmlabError
from kvmlab.page.commands import Commands, Running, lines, told
from kvmlab.words import t

POKE_S = 0.1
AGAIN_S = 3.0
STIRS_S = 1.0
LINES = 200
VERBS = {"start": (), "resume": ("--resume",), "reset": (), "finish": (), "solve": ()}
"""What can be done with a lab from the page, and options of it."""


class News:
    """Something that changes, and those who wait for that."""

    def __init__(self) -> None:
        self._changed, self._count = asyncio.Condition(), 0

    async def tell(self) -> None:
        """It has changed."""
        async with self._changed:
            self._count += 1
            self._changed.notify_all()

    async def after(self, seen: int) -> int:
        """The number of changes, once it is another than `seen`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._count != seen)
            return self._count


class Feed:
    """A `kvmlab check --follow` for as long as somebody looks. `latest`: what it has said last."""

    def __init__(self, commands: Commands, lab: str, lang: str, news: News) -> None:
        self.latest: dict[str, Any] = {}
        self.users = 0
        self._commands, self._lab, self._lang, self._news = commands, lab, lang, news
        self._process: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._poked = False

    def begin(self) -> None:
        """Follow, if that has not begun."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def poke(self) -> None:
        """Somebody works: look soon. Often told in a row it is told once."""
        if not self._poked and self._process is not None:
            self._poked = True
            asyncio.get_running_loop().call_later(POKE_S, self._poke)

    def _poke(self) -> None:
        self._poked = False
        if self._process and self._process.stdin and self._process.returncode is None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(b".")

    async def close(self) -> None:
        """Nobody looks any more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                error = await self._follow()
            except KvmlabError as refused:
                error = refused
            await self._is({"state": "error", "error": error.message, "todo": error.todo})
            await asyncio.sleep(AGAIN_S)

    async def _follow(self) -> KvmlabError:
        """To its end; what it has said then."""
        async with self._commands.running(self._lang, "check", "--follow", self._lab, reads=True) as process:
            self._process = process
            assert process.stdout and process.stderr
            said = asyncio.create_task(process.stderr.read(20_000))
            async for line in lines(process.stdout):
                with contextlib.suppress(ValueError, RecursionError):
                    await self._is(json.loads(line))
            return told((await said).decode(errors="replace"))

    async def _is(self, document: Any) -> None:
        if isinstance(document, dict):
            self.latest = document
            await self._news.tell()


class Labs:
    """The feeds and actions of all labs."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._news: dict[str, News] = {}
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._actions: dict[str, LabAction] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.stirs: dict[str, int] = {}
        """How often somebody was at work on a lab, counted once in STIRS_S."""
        self._stirring: set[str] = set()

    def news(self, lab: str) -> News:
        """Told of whatever happens with this lab."""
        return self._news.setdefault(lab, News())

    @contextlib.asynccontextmanager
    async def feed(self, lab: str, lang: str) -> AsyncIterator[Feed]:
        """What is told of this lab in this language, while the block lasts."""
        feed = self._feeds.setdefault((lab, lang), Feed(self._commands, lab, lang, self.news(lab)))
        feed.users += 1
        feed.begin()
        try:
            yield feed
        finally:
            feed.users -= 1
            if not feed.users and self._feeds.get((lab, lang)) is feed:
                del self._feeds[lab, lang]
                await feed.close()

    def poke(self, lab: str) -> None:
        """Somebody works on it: look soon, and say so (what is drawn of the lab host may have changed)."""
        if lab not in self._stirring:
            self._stirring.add(lab)
            asyncio.get_running_loop().call_later(STIRS_S, self._stirs, lab)
        for (name, _), feed in self._feeds.items():
            if name == lab:
                feed.poke()

    def _stirs(self, lab: str) -> None:
        self._stirring.discard(lab)
        self.stirs[lab] = self.stirs.get(lab, 0) + 1
        task = asyncio.ensure_future(self.news(lab).tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def action(self, lab: str) -> dict[str, Any] | None:
        """What is done with it, or was last."""
        found = self._actions.get(lab)
        return found.told() if found else None

    def act(self, lab: str, verb: str, lang: str) -> None:
        """Begin it. CannotRun while something else is being done with this lab."""
        before = self._actions.get(lab)
        if before is not None and before.status is None:
            raise CannotRun(t("`kvmlab {verb}` is at work already.", verb=before.verb), "kvmlab status")
        action = self._actions[lab] = LabAction(verb)
        task = asyncio.create_task(self._do(action, lab, lang))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, action: LabAction, lab: str, lang: str) -> None:
        word = "start" if action.verb == "resume" else action.verb
        news = self.news(lab)
        try:
            running = self._commands.running(lang, word, *VERBS[action.verb], lab)
            async with running as process, asyncio.TaskGroup() as both:
                assert process.stdout and process.stderr
                both.create_task(action.take(process.stdout, news))
                both.create_task(action.take(process.stderr, news))
                action.status = await process.wait()
        except KvmlabError as error:
            action.say(error.message)
        finally:
            action.status = -1 if action.status is None else action.status
            await news.tell()
            self.poke(lab)

    async def close(self) -> None:
        """Follow nothing any more, and end what is being done: each verb may be ended anywhere."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, *(feed.close() for feed in self._feeds.values()), return_exceptions=True)


class LabAction:
    """One `kvmlab start` or the like, and the last lines it has said. `status`: None while it runs."""

    _ids = iter(range(1, 1 << 62))

    def __init__(self, verb: str) -> None:
        self.id, self.verb = next(self._ids), verb
        self.status: int | None = None
        self._lines: deque[str] = deque(maxlen=LINES)

    async def take(self, stream: asyncio.StreamReader, news: News) -> None:
        """Keep what it says."""
        async for line in lines(stream):
            self.say(line)
            await news.tell()

    def say(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line[:500])

    def told(self) -> dict[str, Any]:
        """For the browser."""
        return {"id": self.id, "verb": self.verb, "status": self.status, "lines": list(self._lines)}
