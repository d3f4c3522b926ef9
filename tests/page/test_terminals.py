"""Terminals: what a pty prints is kept, given again, and never read faster than it is shown."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import pytest

from kvmlab.page import terminals
from kvmlab.page.pty import OwnPty, Pty
from kvmlab.page.terminals import FRAME, KEPT, WINDOW, PageTerminal, Terminals, Viewer, size_of
from kvmlab.slowness import slowness

SHELL = ["sh", "-c"]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 30 * slowness())

    asyncio.run(bounded())


async def until(terminal: PageTerminal, viewer: Viewer, wanted: bytes, *, shows: bool = True) -> bytes:
    """All it is given until `wanted` is in it."""
    found = b""
    while wanted not in found and (given := await terminal.next(viewer)) is not None:
        found += given[0]
        if shows:
            await terminal.acknowledge(viewer, viewer.sent)
    assert wanted in found
    return found


def test_what_is_typed_is_read_and_the_size_is_told() -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "read line; echo got $line; stty size; exit 7"]))
        viewer, wipe = terminal.look("", 0)
        assert wipe
        terminal.resize(91, 33)
        terminal.type(b"hello\r")
        await until(terminal, viewer, b"33 91")
        while await terminal.next(viewer):
            pass
        assert terminal.status == 7

    run(work)


def test_who_comes_back_is_given_what_was_missed_and_two_see_the_same() -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "echo one; read x; echo two; read x"]))
        first, _ = terminal.look("", 0)
        seen = await until(terminal, first, b"one\r\n")
        await terminal.leave(first)
        terminal.type(b"\r")
        again, wipe = terminal.look(terminal.id, len(seen))
        assert not wipe
        missed = await until(terminal, again, b"two\r\n")
        assert b"one" not in missed
        other, wipe = terminal.look("of another terminal", 3)
        assert wipe
        assert await until(terminal, other, b"two\r\n") == seen + missed
        await terminal.close()

    run(work)


@pytest.mark.parametrize("since", [-5, 10**15])
def test_an_offset_that_never_was_gives_all_that_is_kept(since: int) -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "echo one; read x"]))
        first, _ = terminal.look("", 0)
        await until(terminal, first, b"one")
        second, wipe = terminal.look(terminal.id, since)
        assert wipe
        await until(terminal, second, b"one")
        await terminal.acknowledge(second, since)
        assert 0 <= second.shown <= second.sent
        await terminal.close()

    run(work)


def test_a_program_waits_for_a_viewer_that_shows_nothing_and_ctrl_c_reaches_it_at_once() -> None:
    async def work() -> None:
        terminal = PageTerminal(
            OwnPty([*SHELL, "trap 'echo; echo caught; exit' INT; while :; do echo 0123456789012345; done"])
        )
        viewer, _ = terminal.look("", 0)
        await until(terminal, viewer, b"0123", shows=False)
        await asyncio.sleep(1)
        assert terminal.begin + KEPT >= WINDOW - FRAME
        assert viewer.sent <= WINDOW + FRAME
        stood = viewer.sent
        await asyncio.sleep(0.5)
        assert viewer.sent == stood
        terminal.type(b"\x03")
        began = time.monotonic()
        await until(terminal, viewer, b"caught")
        assert time.monotonic() - began < 2 * slowness()

    run(work)


def test_a_slow_viewer_holds_up_no_other_and_is_told_what_it_has_lost() -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end; read x"]))
        slow, _ = terminal.look("", 0)
        quick, _ = terminal.look("", 0)
        await terminal.next(slow)
        await until(terminal, quick, b"end")
        await terminal.acknowledge(slow, slow.sent)
        given = await terminal.next(slow)
        assert given and given[1]
        await terminal.close()

    run(work)


def test_with_nobody_looking_little_is_kept() -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "yes"]))
        await asyncio.sleep(1)
        viewer, _ = terminal.look("", 0)
        given = await terminal.next(viewer)
        assert given and len(given[0]) <= FRAME
        assert len(terminal._kept) <= KEPT
        await terminal.close()
        assert await terminal.next(viewer) is None or terminal.status is not None

    run(work)


def test_closed_all_of_it_is_gone_also_what_ignores_the_hangup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "HANG_UP_S", 1.0)

    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "trap '' HUP TERM; echo $$; while :; do sleep 1000; done"]))
        viewer, _ = terminal.look("", 0)
        said = await until(terminal, viewer, b"\n")
        await terminal.close()
        assert terminal.status is not None
        with pytest.raises(ProcessLookupError):
            os.kill(int(said), 0)

    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    run(work)
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


def test_what_is_not_read_does_not_pile_up() -> None:
    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "stty raw -echo; sleep 1000"]))
        for _ in range(100):
            terminal.type(b"x" * 16384)
        assert len(terminal._typed) <= 65536
        await terminal.close()

    run(work)


def test_what_is_typed_after_the_program_has_closed_its_terminal_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(terminals, "HANG_UP_S", 0.2)

    async def work() -> None:
        terminal = PageTerminal(OwnPty([*SHELL, "trap '' HUP; exec </dev/null >/dev/null 2>&1; sleep 100"]))
        number = terminal._master
        while terminal._open:
            await asyncio.sleep(0.01)
        null = os.open(os.devnull, os.O_RDWR)  # so that neither end of the pipe has that number
        theirs, end = os.pipe()
        os.dup2(end, number)  # as another terminal's
        assert terminal.status is None
        terminal.type(b"secret\r")
        terminal.resize(90, 30)
        for one in {null, end, number}:
            os.close(one)
        assert os.read(theirs, 10) == b""
        os.close(theirs)
        await terminal.close()

    run(work)


async def sleeping() -> Pty:
    return OwnPty(["sleep", "1000"])


def test_there_are_only_so_many_and_an_ended_one_makes_room() -> None:
    async def work() -> None:
        terminals = Terminals()
        names = [f"t{number}" for number in range(Terminals.MOST)]
        made = [await terminals.get("lab", name, sleeping, lambda: None) for name in names]
        assert await terminals.get("lab", names[0], sleeping, lambda: None) is made[0]
        assert await terminals.get("lab", "more", sleeping, lambda: None) is None
        assert made[0]
        await made[0].close()
        assert await terminals.get("lab", "more", sleeping, lambda: None)
        await terminals.close()

    run(work)


def test_sizes_are_whole_numbers_in_bounds() -> None:
    assert size_of({"columns": 80, "rows": 24}) == (80, 24)
    for columns in (0, -1, 10**9, "80", None, 1.5):
        assert size_of({"columns": columns, "rows": 24}) is None
