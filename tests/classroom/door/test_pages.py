"""The desk's side of the page against a front that was taken over, and what ends with a session."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.door import wire
from kvmlab.classroom.door.desk import Desk
from kvmlab.classroom.door.logins import Logins
from kvmlab.classroom.door.pages import PageDesk
from kvmlab.classroom.door.runs import WAYS, way_of
from kvmlab.classroom.door.sessions import Sessions
from kvmlab.classroom.folder import Class, create_class, open_class
from kvmlab.errors import UsageError
from kvmlab.paths import State
from kvmlab.slowness import given_patience
from tests.classroom.samples import STUDENTS
from tests.course.conftest import EXAMPLE

ANNA, BO, LAB = "2026001", "2026002", "net-bridge"


class Asked:
    """A front's end of the wire, in the hands of whoever has taken it over."""

    def __init__(self, end: socket.socket, pages: PageDesk, found: Class) -> None:
        self.end, self.pages, self.found, self.logins = end, pages, found, Logins(found)

    async def ask(self, verb: str, **values: object) -> dict[str, Any]:
        """The answer; in it "socket": the one that came along."""
        wire.say(self.end, {"number": 7, "verb": verb, **values})
        answer = await asyncio.wait_for(asyncio.to_thread(wire.hear, self.end), 60 * given_patience())
        assert answer and answer.said.pop("number") == 7
        if answer.terminal is not None:
            answer.said["socket"] = answer.terminal
        return answer.said

    async def session(self, student: str) -> str:
        """A fresh one."""
        code = self.logins.give_codes(student)[0]
        return str((await self.ask("login", student=student, code=code, address="a"))["session"])

    async def begin(self, session: str, *line: str) -> tuple[int, socket.socket]:
        """A run, and the socket to it."""
        answer = await self.ask("run", session=session, lang="en", words=line)
        return answer["run"], socket.socket(fileno=answer["socket"])


Work = Callable[[Asked], Coroutine[Any, Any, None]]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Class]:
    create_class(tmp_path / "kvm", STUDENTS)
    with open_class(str(tmp_path / "kvm")) as found:
        yield found


def with_pages(found: Class, tmp_path: Path, work: Work) -> list[str]:
    """Do the work; what the instructor was told. Afterwards no process of the page's is there."""
    told: list[str] = []

    async def run() -> None:
        desk = Desk(found, State(tmp_path / "state"), EXAMPLE, told.append)
        ours, theirs = wire.pair()
        with ours, theirs:
            pages = PageDesk(found, desk)
            side = pages.side(ours, ["localhost"], None)
            serving = asyncio.create_task(desk._fronts.serve(ours, side))
            keeping = asyncio.create_task(desk._keep_house([side]))
            assert await asyncio.to_thread(wire.hear, theirs)
            await work(Asked(theirs, pages, found))
            theirs.close()
            await asyncio.wait_for(serving, 10 * given_patience())
            await side.ended()
            keeping.cancel()
            desk._end_all()
            assert desk.children == set()

    asyncio.run(run())
    return told


def token_of(pages: PageDesk) -> str:
    """What the link has that was printed last."""
    return pages.link.rpartition("=")[2]


async def closed(end: socket.socket) -> bytes:
    """What comes until the other side has closed."""
    found = b""
    end.settimeout(60 * given_patience())
    with end:
        while piece := await asyncio.to_thread(end.recv, 65536):
            found += piece
    return found


def test_a_code_becomes_a_session_once_and_what_is_asked_is_the_students(found: Class, tmp_path: Path) -> None:
    async def work(front: Asked) -> None:
        code, other, _ = front.logins.give_codes(ANNA)
        assert "refused" in await front.ask("login", student=BO, code=code, address="a")
        session = (await front.ask("login", student=ANNA, code=code, address="a"))["session"]
        assert set(await front.ask("login", student=ANNA, code=code, address="a")) == {"refused"}
        assert await front.ask("session", session=session) == {"student": ANNA}
        run, end = await front.begin(session, "list", "--json")
        assert json.loads(await closed(end))["course"]
        assert await front.ask("wait", session=session, run=run) == {"status": 0, "said": ""}
        run, end = await front.begin(session, "map", "--json", LAB)
        assert await closed(end) == b""
        told = await front.ask("wait", session=session, run=run)
        assert told["status"] == 3 and f"kvmlab start {LAB}" in told["said"]
        assert len(front.logins.have_codes()) == 1 and other

    told = with_pages(found, tmp_path, work)
    assert [one.split("  ")[1] for one in told] == [f"{ANNA} has come in with a code, in a browser, from a"]


def test_no_session_is_guessed_or_made_from_what_is_stored(found: Class, tmp_path: Path) -> None:
    async def work(front: Asked) -> None:
        session = await front.session(ANNA)
        (row,) = found.book.database.rows("SELECT hash FROM code WHERE student = ? AND used IS NOT NULL", [ANNA])
        hashed, _, mark = session.partition(".")
        assert row["hash"] == hashed
        unused = front.logins.give_codes(BO)[0]
        never = Sessions(found).of_code(front.logins.hash(BO, unused))
        wrongs: list[object] = [
            "", ".", hashed, f"{hashed}.", f"{hashed}.{'0' * 64}", f"{'0' * 64}.{mark}", session[:-1], session + "0",
            session.upper(), "\ud800", "x" * 5000, None, 5, [], never,
        ]  # fmt: skip
        for wrong in wrongs:
            for verb in ("session", "logout", "run", "terminal", "wait", "end"):
                answer = await front.ask(verb, session=wrong, lang="en", words=["list", "--json"], run=1)
                assert set(answer) == {"refused"}, (verb, wrong)
        assert await front.ask("session", session=session) == {"student": ANNA}

    with_pages(found, tmp_path, work)


def test_a_page_that_was_taken_over_cannot_ask_as_the_ssh_door_does(found: Class, tmp_path: Path) -> None:
    async def work(front: Asked) -> None:
        for verb in ("key", "enter", "code", "open", "side", "_student", "", "tell"):
            assert await front.ask(verb, student=ANNA, key="ssh-ed25519 AAAA", code="x", ticket="x", address="a") == {}

    with_pages(found, tmp_path, work)


@pytest.mark.parametrize("how", ["logout", "new codes", "leaves", "front ends"])
def test_what_was_begun_ends_with_the_session(found: Class, tmp_path: Path, how: str) -> None:
    """And nothing of another's does, unless the whole page is gone."""

    async def work(front: Asked) -> None:
        session, other = await front.session(ANNA), await front.session(BO)
        _, end = await front.begin(session, "check", "--follow", LAB)
        _, others = await front.begin(other, "check", "--follow", LAB)
        assert await asyncio.to_thread(end.recv, 10) and await asyncio.to_thread(others.recv, 10)
        if how == "logout":
            assert await front.ask("logout", session=session) == {}
        elif how == "new codes":
            front.logins.give_codes(ANNA)
        elif how == "leaves":
            with found.book.database.transaction() as change:
                change.execute("UPDATE student SET left_at = '2026-01-01T00:00:00Z' WHERE id = ?", [ANNA])
        else:
            front.end.shutdown(socket.SHUT_RDWR)
            end.close()
            others.close()
            return
        await closed(end)
        assert "refused" in await front.ask("session", session=session)
        assert await front.ask("session", session=other) == {"student": BO}
        others.setblocking(False)
        with others, pytest.raises(BlockingIOError):
            while others.recv(65536):
                pass

    with_pages(found, tmp_path, work)


def test_a_run_is_its_sessions_alone(found: Class, tmp_path: Path) -> None:
    async def work(front: Asked) -> None:
        session, other = await front.session(ANNA), await front.session(BO)
        run, end = await front.begin(session, "check", "--follow", LAB)
        for verb in ("wait", "end"):
            for number in (run, -1, True, "1", None, 10**30):
                assert "refused" in await front.ask(verb, session=other, run=number)
        assert await front.ask("end", session=session, run=run) == {}
        await closed(end)
        assert (await front.ask("wait", session=session, run=run))["status"] != 0

    with_pages(found, tmp_path, work)


def test_one_student_has_no_more_than_so_much_done(
    found: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvmlab.classroom.door.pages.MOST_OF_ONE", 2)

    async def work(front: Asked) -> None:
        session, other = await front.session(ANNA), await front.session(BO)
        ends = [await front.begin(session, "check", "--follow", LAB) for _ in range(2)]
        assert "refused" in await front.ask("run", session=session, lang="en", words=["list", "--json"])
        ends += [await front.begin(other, "list", "--json")]
        for _, end in ends:
            end.close()

    with_pages(found, tmp_path, work)


@pytest.mark.parametrize(
    "line",
    [
        ["list"], ["list", "--json", "--json"], ["exec", LAB, "--", "id"], ["exec", LAB, "--screen=-x"], [],
        ["class", "status"], ["shell", "../x"], ["shell", "--help"], ["shell", LAB, "--console=../x"], ["solve", "--x"],
        ["--course=/x", "list", "--json"], ["check", "--follow", f"{LAB}\n"], ["check", "--evidence=/x", LAB],
        ["quiz", "--json", "net", "--question=a", "--answer=" + "x" * 501], "list --json", None, [1], [["list"]],
        ["quiz", "--json", "net", "--question=a", "--answer=a\nb"], ["show", "--json", "x" * 200], ["reset"],
    ],
)  # fmt: skip
def test_no_other_line_is_run(line: object) -> None:
    with pytest.raises(UsageError):
        way_of(line)


def test_every_line_that_is_allowed_is_one_of_kvmlabs_and_names_no_file() -> None:
    from importlib import import_module

    from kvmlab.cli.parsing import Parser

    for way in WAYS:
        parser = Parser("x", "")
        import_module(f"kvmlab.cli.verbs.{way.words[0]}").arguments(parser)
        there = {option: action for action in parser._actions for option in action.option_strings}
        for word in way.words[1:]:
            if word.startswith("-"):
                assert there[word.partition("=")[0]].type is not Path


def test_a_terminal_is_a_line_on_a_tty_of_its_own(found: Class, tmp_path: Path) -> None:
    """It has one that controls it; what is no terminal's line gets none, and it ends with the session."""

    async def work(front: Asked) -> None:
        session = await front.session(ANNA)
        for verb, line in (("terminal", ["list", "--json"]), ("run", ["shell", LAB])):
            assert "refused" in await front.ask(verb, session=session, lang="en", words=line)
        terminal = (await front.ask("terminal", session=session, lang="en", words=["shell", LAB]))["socket"]
        seen = b""
        while b"kvmlab start" not in seen:
            seen += await asyncio.to_thread(os.read, terminal, 4096)
        os.close(terminal)

    with_pages(found, tmp_path, work)


def test_the_link_opens_the_board_in_one_browser_and_nothing_else(found: Class, tmp_path: Path) -> None:
    """The instructor's session runs no line of a student's, a student's session not the board; each ends by itself."""
    board, student = ["class", "board", "--json"], ["list", "--json"]

    async def work(front: Asked) -> None:
        token = token_of(front.pages)
        for wrong in ("", token[:-1], token + "x", "\ud800"):
            assert await front.ask("instruct", token=wrong, address="a") == {}
        assert "refused" in await front.ask("instruct", token=None, address="a")
        session = (await front.ask("instruct", token=token, address="a"))["session"]
        assert await front.ask("instruct", token=token, address="a") == {} and token_of(front.pages) != token
        assert await front.ask("session", session=session) == {"instructor": True}
        run, end = await front.begin(session, *board)
        assert json.loads(await closed(end)) == {"schema": "kvmlab.class-board/1", "seats": []}
        assert (await front.ask("wait", session=session, run=run))["status"] == 0
        anna = await front.session(ANNA)
        for one, line in ((session, student), (session, [*board, "--class=/x"]), (anna, board), (session, board[:2])):
            assert set(await front.ask("run", session=one, lang="en", words=line)) == {"refused"}
        assert "refused" in await front.ask("terminal", session=session, lang="en", words=["shell", LAB])
        assert await front.ask("logout", session=session) == {}
        for verb in ("session", "logout", "run"):
            assert "refused" in await front.ask(verb, session=session, lang="en", words=board)
        assert await front.ask("session", session=anna) == {"student": ANNA}

    told = with_pages(found, tmp_path, work)
    assert "the board was opened from a" in told[0] and "#token=" in told[1]


def test_the_boards_session_gets_old(found: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvmlab.classroom.door.pages.INSTRUCTOR_S", 0.0)

    async def work(front: Asked) -> None:
        session = (await front.ask("instruct", token=token_of(front.pages), address="a"))["session"]
        for verb in ("session", "run"):
            answer = await front.ask(verb, session=session, lang="en", words=["class", "board", "--json"])
            assert set(answer) == {"refused"}

    with_pages(found, tmp_path, work)
