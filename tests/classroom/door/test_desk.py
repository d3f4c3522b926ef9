"""The desk against a front that was taken over: junk, guesses, tickets it was not given."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.door import desk as desk_module
from kvmlab.classroom.door import wire, wrong_codes
from kvmlab.classroom.door.desk import Desk
from kvmlab.classroom.door.logins import Logins
from kvmlab.classroom.folder import create_class, open_class
from kvmlab.classroom.gradebook.records import ServerPlace
from kvmlab.paths import State
from tests.classroom.samples import STUDENTS
from tests.course.conftest import EXAMPLE

ANNA, BO = "2026001", "2026002"
Ask = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


@pytest.fixture
def logins(tmp_path: Path) -> Iterator[Logins]:
    create_class(tmp_path / "kvm", STUDENTS)
    with open_class(str(tmp_path / "kvm")) as found:
        yield Logins(found)


def with_desk(tmp_path: Path, work: Callable[[socket.socket, Ask], Coroutine[Any, Any, None]]) -> list[str]:
    """Do the work as a front would, at a desk's other end; what the instructor was told."""
    told: list[str] = []

    async def run() -> None:
        with open_class(str(tmp_path / "kvm")) as found:
            desk = Desk(found, State(tmp_path / "state"), EXAMPLE, told.append)
            ours, theirs = wire.pair()
            with ours, theirs:
                serving = asyncio.create_task(desk._fronts.serve(ours, desk.door(ours)))
                first = await asyncio.to_thread(wire.hear, theirs)
                assert first and first.said["host_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")

                async def ask(verb: object, **values: object) -> dict[str, Any]:
                    wire.say(theirs, {"number": 7, "verb": verb, **values})
                    answer = await asyncio.wait_for(asyncio.to_thread(wire.hear, theirs), 60)
                    assert answer and answer.said.pop("number") == 7
                    if answer.terminal is not None:
                        os.close(answer.terminal)
                        answer.said["terminal"] = True
                    return answer.said

                await work(theirs, ask)
                theirs.close()
                await asyncio.wait_for(serving, 10)
                desk._end_all()

    asyncio.run(run())
    return told


def test_junk(tmp_path: Path, logins: Logins) -> None:
    """Nothing comes of it, and the next question is answered."""

    async def work(front: socket.socket, ask: Ask) -> None:
        for raw in (b"{}", b"[]", b"nul", b"\xff", b"[" * 9000, b'{"number": "x"}', b'{"number": 1e999}',
                    b'{"number": null, "verb": "code"}'):  # fmt: skip
            front.send(raw)
        with Path("/dev/null").open() as null:
            socket.send_fds(front, [b"{}"], [null.fileno()] * 3)
        for verb in ("", "run", "_open", "__class__", "shell", None, ["code"], 1):
            assert await ask(verb) == {}
        bad: list[dict[str, Any]] = [
            {}, {"student": 1}, {"student": "../x", "key": ""}, {"student": ANNA}, {"student": ANNA, "key": 5},
            {"student": ANNA, "key": "x" * 9000}, {"student": ANNA, "code": ["x"], "address": "a"},
        ]  # fmt: skip
        for values in bad:
            for verb in ("key", "enter", "code", "open"):
                assert set(await ask(verb, **values)) <= {"refused"}
        assert await ask("key", student=ANNA, key="ssh-ed25519 AAAA") == {"known": False}

    assert with_desk(tmp_path, work) == []


def test_a_ticket_is_for_one_terminal_of_who_has_it(
    tmp_path: Path, logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "PROMPT", "this")
    (code, other, _), size = logins.give_codes(ANNA), {"columns": 80, "rows": 24, "term": "xterm"}

    async def work(_front: socket.socket, ask: Ask) -> None:
        assert "refused" in await ask("code", student=BO, code=code, address="a")
        ticket = (await ask("code", student=ANNA, code=code, address="a", keys=["x", 1, "ssh-ed25519 A"]))["ticket"]
        assert "refused" in await ask("code", student=ANNA, code=code, address="a")
        for wrong in ("", "x", None, ticket[:-1]):
            assert "refused" in await ask("open", ticket=wrong, **size)
        assert await ask("open", ticket=ticket, **size) == {"terminal": True}
        assert "refused" in await ask("open", ticket=ticket, **size)
        ticket = (await ask("code", student=ANNA, code=other, address="a"))["ticket"]
        assert "refused" in await ask("open", ticket=ticket, columns=float("inf"), rows=-1, term="xterm")
        assert await ask("enter", student=ANNA, key="ssh-ed25519 AAAA", address="a") == {}

    told = with_desk(tmp_path, work)
    assert [one.split("  ")[1] for one in told] == [f"{ANNA} has come in with a code, from a"] * 2


def test_who_is_placed_on_a_server_gets_no_terminal_here(tmp_path: Path, logins: Logins) -> None:
    """Else they would start a second lab host."""
    code, size = logins.give_codes(ANNA)[0], {"columns": 80, "rows": 24, "term": "xterm"}
    with open_class(str(tmp_path / "kvm")) as found:
        found.book.put_places({ANNA: ServerPlace("s1", 2)})

    async def work(_front: socket.socket, ask: Ask) -> None:
        ticket = (await ask("code", student=ANNA, code=code, address="a"))["ticket"]
        assert "Your lab hosts are on s1" in (await ask("open", ticket=ticket, **size))["refused"]

    with_desk(tmp_path, work)


def test_guesses_are_answered_late_and_keep_nobody_out(
    tmp_path: Path, logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For one student, or from one address; the right code lets in at once all the same."""
    monkeypatch.setattr(wrong_codes, "WRONG", {"student": 2, "address": 4})
    anna, bo, slept = logins.give_codes(ANNA), logins.give_codes(BO), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    async def work(_front: socket.socket, ask: Ask) -> None:
        for _ in range(3):
            assert "refused" in await ask("code", student=ANNA, code="wrong", address="a")
        for name in ("x1", "x2"):
            assert "refused" in await ask("code", student=name, code="wrong", address="a")
        assert slept == [0, 0, wrong_codes.SLOW_S, 0, wrong_codes.SLOW_S]
        assert "ticket" in await ask("code", student=ANNA, code=anna[0], address="a")
        assert "ticket" in await ask("code", student=BO, code=bo[0], address="a")
        assert len(slept) == 5

    with_desk(tmp_path, work)


def test_messages_are_bounded() -> None:
    ours, theirs = wire.pair()
    with ours, theirs:
        with pytest.raises(ValueError, match="too long"):
            wire.say(ours, {"x": "y" * wire.MOST})
        ours.send(json.dumps({"x": "y" * wire.MOST}).encode())
        with pytest.raises(ValueError, match="no message"):
            wire.hear(theirs)
        ours.close()
        assert wire.hear(theirs) is None
