"""What a guest's fact server (look.sh) prints, taken apart; and the words it is asked with."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(rb"==(\S{1,4200}) (\d{1,9}|-|\*)==\n")
_PLAIN = re.compile(rb"[A-Za-z0-9/._:@+,=-]")


class Garbled(Exception):
    """It is not what look.sh prints."""


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections of one answer by name; None: there is nothing to read. `raw`: the bytes to the end, if any."""

    texts: dict[str, str | None]
    raw: bytes | None = None

    def text(self, name: str) -> str:
        """The text of a section, "" where there is none."""
        return self.texts.get(name) or ""

    def lines(self, name: str) -> list[str]:
        """Its lines that are not empty."""
        return [line for line in self.text(name).splitlines() if line.strip()]


def parse(data: bytes) -> Sections:
    """Take an answer apart. Lengths are announced, so nothing in a file can pass for a section. Raises Garbled."""
    texts: dict[str, str | None] = {}
    place = 0
    while place < len(data):
        head = _HEAD.match(data, place)
        if head is None:
            raise Garbled("no section begins where one should")
        name, length = head.group(1).decode("utf-8", "replace"), head.group(2)
        place = head.end()
        if length == b"*":
            return Sections(texts, data[place:])
        if name == "end":
            return Sections(texts)
        size = 0 if length == b"-" else int(length)
        if data[place + size : place + size + 1] != b"\n":
            raise Garbled("a section is cut short")
        texts[name] = None if length == b"-" else data[place : place + size].decode("utf-8", "replace")
        place += size + 1
    raise Garbled("it ends before its end")


def word(text: str) -> str:
    """An argument as look.sh takes it: plain bytes as they are, all others as \\0ooo."""
    data = text.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if _PLAIN.match(bytes((byte,))) else f"\\0{byte:03o}" for byte in data)
