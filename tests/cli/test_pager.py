"""`show` and `read` page what is longer than the screen, on a terminal only."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.conftest import Kvmlab

PAGED = "PAGED"
SHOW = ["show", "network-bridge"]
READ = ["read", "network"]


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A pager that says that it was there, before what it was given."""
    program = tmp_path / "pager"
    program.write_text(f"#!/bin/sh\necho {PAGED}\nexec cat\n")
    program.chmod(0o755)
    return program


def on_a_terminal(kvmlab: Kvmlab, pager: Path, lines: int, *argv: str) -> str:
    """What stands on a terminal of so many lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
    env = {**kvmlab.environ(), "PAGER": str(pager), "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-m", "kvmlab", *argv], env=env, stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        said = b""
        while data := read_or_end(ours):
            said += data
    os.close(ours)
    assert process.returncode == 0
    return said.decode()


def read_or_end(terminal: int) -> bytes:
    """The next bytes; none at the end, which Linux tells as EIO."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


@pytest.mark.parametrize("argv", [SHOW, READ], ids=["show", "read"])
def test_what_is_longer_than_the_screen_is_paged(bare_kvmlab: Kvmlab, pager: Path, argv: list[str]) -> None:
    assert PAGED in on_a_terminal(bare_kvmlab, pager, 24, *argv)
    assert PAGED not in on_a_terminal(bare_kvmlab, pager, 5000, *argv)
    assert PAGED not in on_a_terminal(bare_kvmlab, pager, 24, *argv, "--no-pager")


@pytest.mark.parametrize("argv", [SHOW, READ, [*SHOW, "--json"]], ids=["show", "read", "json"])
def test_no_pager_in_a_pipe(bare_kvmlab: Kvmlab, pager: Path, argv: list[str]) -> None:
    done = bare_kvmlab(*argv, env={"PAGER": str(pager)})
    assert (done.returncode, PAGED in done.stdout) == (0, False)


def test_json_is_not_paged_on_a_terminal_either(bare_kvmlab: Kvmlab, pager: Path) -> None:
    assert PAGED not in on_a_terminal(bare_kvmlab, pager, 24, *SHOW, "--json")
