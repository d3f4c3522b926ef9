"""A terminal of a student's controls what runs on it before its first line, and a Ctrl-C then ends no prompt."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kvmlab.classroom.door.terminals import DoorTerminal
from tests.classroom.door.conftest import School, Typing
from tests.conftest import REPOSITORY

SLOW = """
import os, pathlib, sys, time
if "KVMLAB_DOOR" in os.environ:
    print("starting", flush=True)
    while not pathlib.Path({goes_on!r}).exists():
        time.sleep(0.01)
"""
"""A sitecustomize: a prompt's Python that has started, and has not come to a line of kvmlab's."""


def test_it_controls_who_leads_it() -> None:
    """Who leads it leads a session (tty(4), /dev/tty), and is the process that is waited for."""
    script = 'read -r go; echo "led by $$" >/dev/tty'
    terminal = DoorTerminal("2026001", ["sh", "-c", script], dict(os.environ), (80, 24))
    os.write(terminal.other_side, b"\n")
    seen = b""
    while b"led by" not in seen or not seen.endswith(b"\n"):
        seen += os.read(terminal.other_side, 1000)
    assert f"led by {terminal.pid}".encode() in seen
    os.close(terminal.other_side)
    os.waitid(os.P_PID, terminal.pid, os.WEXITED | os.WNOWAIT)
    assert terminal.ended()


def test_ctrl_c_before_the_prompt_is_there(school: School, tmp_path: Path) -> None:
    """It is nobody's, and the prompt comes."""
    goes_on, site = tmp_path / "goes-on", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SLOW.format(goes_on=str(goes_on)))
    school.open(PYTHONPATH=f"{site}:{REPOSITORY}")

    async def come_in() -> None:
        async with school.client("2026001", school.codes("2026001")[0]) as conn:
            typing = Typing(await conn.create_process(term_type="xterm", term_size=(100, 30)))
            await typing.until("starting")
            for key, echo in (("\x03", r"\^C"), ("\x1c", r"\^\\")):
                typing.process.stdin.write(key)
                await typing.until(echo)
            goes_on.touch()
            shown = await typing.prompt()
            assert "Traceback" not in shown and "net-bridge" in await typing.type("list")

    asyncio.run(come_in())
