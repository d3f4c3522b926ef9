"""A line is edited, earlier ones come back, Tab completes; whatever is typed, no line and no key goes on for ever."""

from __future__ import annotations

import fcntl
import os
import random
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from kvmlab.cli.door.editing import MOST, MOST_LINES, LineEditor
from tests.classroom.machines.computers import until

VERBS = ("show", "shell", "start", "check")


class Typist:
    """Types at an editor, and reads what it shows."""

    def __init__(self, columns: int = 80) -> None:
        self.hand, self.side = os.openpty()
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.editor = LineEditor("> ", 2, lambda before: VERBS if " " not in before else (), self.side, self.side)
        self.shown = b""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            while piece := os.read(self.hand, 65536):
                self.shown += piece
        except OSError:
            pass

    def line(self, keys: bytes) -> str | None:
        """What comes of these keys."""
        found, before = list[str | None](), len(self.shown)
        thread = threading.Thread(target=lambda: found.append(self.editor.line()), daemon=True)
        thread.start()
        assert until(lambda: b"> " in self.shown[before:])
        for start in range(0, len(keys), 1000):  # a terminal holds 4096 bytes that are not read yet
            os.write(self.hand, keys[start : start + 1000])
            assert until(lambda: not thread.is_alive() or not self.unread(), 20)
        thread.join(30)
        assert not thread.is_alive() and termios.tcgetattr(self.side)[3] & termios.ICANON
        return found[0]

    def unread(self) -> int:
        """How many bytes nobody has read yet."""
        return int.from_bytes(fcntl.ioctl(self.side, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.fixture
def typist() -> Iterator[Typist]:
    found = Typist()
    yield found
    os.close(found.side)


UP, DOWN, LEFT, HOME, DELETE = b"\x1b[A", b"\x1bOB", b"\x1b[D", b"\x1b[1~", b"\x1b[3~"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (b"show\n", "show"),
        (b"shut\x7f\x7fow\r", "show"),
        (b"sow" + LEFT * 2 + b"h\n", "show"),
        (b"xshow" + HOME + DELETE + b"\n", "show"),
        (b"show network-nat\x17bridge\n", "show bridge"),
        (b"rubbish\x15show\n", "show"),
        (b"show rubbish" + LEFT * 8 + b"\x0b\n", "show"),
        ("读 文\x7f本\n".encode(), "读 本"),
        (b"\xff\x00\x07\x1b[31mred\n", "\ufffdred"),
        (b"sta\t\n", "start "),
        (b"sh\t\n", "sh"),
        (b"c\tx\n", "check x"),
        (b"show x\t\n", "show x"),
        (b"ab" + LEFT + b"\x04\n", "a"),
        (b"\x04", None),
        (b"\n", ""),
    ],
)
def test_keys(typist: Typist, keys: bytes, line: str | None) -> None:
    assert typist.line(keys) == line


def test_earlier_lines_come_back(typist: Typist) -> None:
    for line in (b"one\n", b"two\n", b"two\n", b"  \n"):
        typist.line(line)
    assert typist.line(UP + b"\n") == "two"
    assert typist.line(UP + UP + b"\n") == "one"
    assert typist.line(UP * 9 + b"\n") == "one"
    assert typist.line(b"new" + UP + DOWN + b"!\n") == "new!"
    for number in range(MOST_LINES + 5):
        typist.line(b"%d\n" % number)
    assert len(typist.editor._lines) == MOST_LINES


def test_tab_shows_what_there_is(typist: Typist) -> None:
    typist.line(b"s\t\n")
    assert until(lambda: b"shell  show  start" in typist.shown)


def test_a_long_line_is_one_line_of_the_terminal() -> None:
    typist = Typist(columns=20)
    typist.line("字".encode() * 30 + HOME + b"\n")
    rows = re.findall(r"> ([^\r\x1b]*)\x1b\[K", typist.shown.decode())
    assert rows and max(map(len, rows)) <= 9  # two cells each
    os.close(typist.side)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_typed(typist: Typist, seed: int) -> None:
    """Bytes of all kinds but those that the terminal itself hears: the line has its longest, and nothing goes there but
    what is meant."""
    dice = random.Random(seed)
    alphabet = [bytes([one]) for one in range(256) if one not in (3, 4, 10, 13, 15, 17, 19, 22, 26, 28)]
    alphabet += [UP, DOWN, LEFT, HOME, DELETE, "字".encode(), b"\t", b"a" * 50]
    line = typist.line(b"".join(dice.choices(alphabet, k=1500)) + b"\x1b[A\n\n")
    assert line is not None and len(line) <= MOST and (line.isprintable() or not line)
    left = re.sub(rb"\r\n|\r|\x1b\[K|\x1b\[\d+D|\x1b\[H\x1b\[2J", b"", typist.shown)
    assert all(one >= 32 for one in left) and b"\x7f" not in left
