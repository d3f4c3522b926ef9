"""A line typed at the door's prompt: it can be edited, earlier ones come back, and Tab completes words.

Whoever types is hostile, and this runs with the rights of the instructor's kvmlab: a line has its longest, a key its
longest, and nothing is shown that is not printable. Rejected: readline(3), whose lines have no end, and which reads an
.inputrc and expands ~NAME; asyncssh's editor, which sits in the process that faces the network and does not know when
a shell is open.
"""

from __future__ import annotations

import codecs
import os
import termios
import tty
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile

from kvmlab.report.cells import cells

MOST, MOST_LINES, MOST_KEY = 1000, 100, 16
"""Characters of a line, lines that come back, bytes of a key."""
_NAMED = {
    "\x01": "home", "\x05": "end", "\x02": "left", "\x06": "right", "\x10": "up", "\x0e": "down", "\x7f": "backspace",
    "\x08": "backspace", "\x15": "kill_before", "\x0b": "kill_after", "\x17": "kill_word", "\x0c": "clear", "\t": "tab",
}  # fmt: skip
_SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end", "OA": "up", "OB": "down",
    "OC": "right", "OD": "left", "OH": "home", "OF": "end", "[1~": "home", "[7~": "home", "[4~": "end", "[8~": "end",
    "[3~": "delete",
}  # fmt: skip


class LineEditor:
    """Reads lines from a terminal. `ask`: what stands before a line, printable but for colours; `asks`: its cells;
    `complete`: what the last word of a text may become."""

    def __init__(
        self, ask: str, asks: int, complete: Callable[[str], Sequence[str]], reads: int = 0, writes: int = 1
    ) -> None:
        self._ask, self._asks, self._complete, self._reads, self._writes = ask, asks, complete, reads, writes
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._text, self._at = "", 0
        self._back, self._own = 0, ""

    def line(self) -> str | None:
        """What is typed until Enter; None at the end of input. The terminal is left as it was."""
        before = termios.tcgetattr(self._reads)
        tty.setcbreak(self._reads, termios.TCSADRAIN)
        try:
            self.begin()
            return self._read()
        finally:
            termios.tcsetattr(self._reads, termios.TCSADRAIN, before)

    def begin(self) -> None:
        """An empty line, below what there is."""
        self._text, self._at, self._back = "", 0, 0
        self._write("\n")
        self._show()

    def _read(self) -> str | None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while byte := os.read(self._reads, 1):
            for key in decoder.decode(byte):
                if key in "\r\n":
                    return self._entered()
                if key == "\x04" and not self._text:
                    return None
                self._press("delete" if key == "\x04" else self._sequence() if key == "\x1b" else _NAMED.get(key, key))
        return None

    def _entered(self) -> str:
        self._write("\n")
        if self._text.strip() and [self._text] != list(self._lines)[-1:]:
            self._lines.append(self._text)
        return self._text

    def _sequence(self) -> str:
        """The name of a key that sends more than one byte (ECMA-48, 5.4); "" of one that means nothing here."""
        found = ""
        while len(found) < MOST_KEY and (byte := os.read(self._reads, 1)):
            found += byte.decode("latin-1")
            if (len(found) > 1 and "@" <= found[-1] <= "~") or (len(found) == 1 and found not in "[O"):
                break
        return _SEQUENCES.get(found, "")

    def _press(self, key: str) -> None:
        if len(key) == 1:
            self._type(key)
        elif key:
            getattr(self, f"_{key}")()
            self._show()

    def _type(self, text: str) -> None:
        if text.isprintable() and len(self._text) + len(text) <= MOST:
            self._text = self._text[: self._at] + text + self._text[self._at :]
            self._at += len(text)
            self._show()

    def _show(self) -> None:
        """The line, as much of it as there is room for around the cursor."""
        room = max(10, os.get_terminal_size(self._writes).columns - self._asks - 1)
        widths = [cells(one) for one in self._text]
        first, used = self._at, 0
        while first and used + widths[first - 1] <= room:
            first -= 1
            used += widths[first]
        last = self._at
        while last < len(widths) and used + widths[last] <= room:
            used += widths[last]
            last += 1
        back = sum(widths[self._at : last])
        self._write(f"\r{self._ask}{self._text[first:last]}\x1b[K" + (f"\x1b[{back}D" if back else ""))

    def _write(self, text: str) -> None:
        os.write(self._writes, text.encode(errors="replace"))

    def _home(self) -> None:
        self._at = 0

    def _end(self) -> None:
        self._at = len(self._text)

    def _left(self) -> None:
        self._at = max(0, self._at - 1)

    def _right(self) -> None:
        self._at = min(len(self._text), self._at + 1)

    def _backspace(self) -> None:
        if self._at:
            self._at -= 1
            self._delete()

    def _delete(self) -> None:
        self._text = self._text[: self._at] + self._text[self._at + 1 :]

    def _kill_before(self) -> None:
        self._text, self._at = self._text[self._at :], 0

    def _kill_after(self) -> None:
        self._text = self._text[: self._at]

    def _kill_word(self) -> None:
        kept = self._text[: self._at].rstrip()
        kept = kept[: len(kept) - len(kept.split(" ")[-1])]
        self._text, self._at = kept + self._text[self._at :], len(kept)

    def _clear(self) -> None:
        self._write("\x1b[H\x1b[2J")

    def _up(self) -> None:
        self._go_back(self._back + 1)

    def _down(self) -> None:
        self._go_back(self._back - 1)

    def _go_back(self, count: int) -> None:
        """The line of so many before this one; 0: what is being typed."""
        if 0 <= count <= len(self._lines):
            self._own = self._text if self._back == 0 else self._own
            self._back, self._text = count, self._lines[-count] if count else self._own
            self._end()

    def _tab(self) -> None:
        before = self._text[: self._at]
        word = "" if before.endswith(" ") else before.split(" ")[-1]
        found = sorted(one for one in set(self._complete(before)) if one.startswith(word))
        longest = "".join(
            letters[0] for letters in takewhile(lambda one: len(set(one)) == 1, zip(*found, strict=False))
        )
        if len(found) == 1:
            self._type(found[0][len(word) :] + " ")
        elif len(longest) > len(word):
            self._type(longest[len(word) :])
        elif found:
            self._write("\n" + "  ".join(found) + "\n")
