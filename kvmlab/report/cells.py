"""Text counted in terminal cells: a Chinese character takes two. Cutting, filling and breaking lines.

Nothing that comes out of here can move the cursor: control characters are dropped.
"""

from __future__ import annotations

from kvmlab.safe_text import clean

NOT_FIRST = "，。、；：！？）】》」』”’…,.;:!?)]}%"  # may not begin a line
NOT_LAST = "（【《「『“‘([{"  # may not end one

Glyphs = list[tuple[str, str]]  # one character and its styles, "bold cyan"


def cells(text: str) -> int:
    """How many columns `text` takes."""
    return len(text) if text.isascii() else sum(_cell(letter) for letter in text)


def _cell(letter: str) -> int:
    if letter.isascii():
        return 1
    from unicodedata import combining, east_asian_width

    if combining(letter) or letter in "\u200b\u200d\ufe0e\ufe0f":
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def fit(text: str, width: int) -> str:
    """`text`, cut with `…` where it is wider than `width`, and filled with blanks up to it."""
    text = clean(text)
    if cells(text) > width:
        kept, room = "", width - 1
        for letter in text:
            if _cell(letter) > room:
                break
            kept, room = kept + letter, room - _cell(letter)
        text = f"{kept}…"
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """`text` with blanks before it, so that it ends in column `width`."""
    return " " * (width - cells(text)) + text


def wrap(glyphs: Glyphs, width: int, *, keep: bool = False) -> list[Glyphs]:
    """Lines of at most `width` cells, broken at blanks and beside Chinese characters.

    With `keep` the blanks at the breaks stay at the lines' ends, where they count for nothing.
    """
    lines: list[Glyphs] = []
    while glyphs:
        end = _line_end(glyphs, width)
        while end < len(glyphs) and glyphs[end][0] == " ":
            end += 1
        line, glyphs = glyphs[:end], glyphs[end:]
        while not keep and line and line[-1][0] == " ":
            line.pop()
        lines.append(line)
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells; at least one line."""
    if cells(text) <= width:
        return [clean(text)]
    lines = wrap([(letter, "") for letter in clean(text)], width)
    return ["".join(letter for letter, _ in line) for line in lines] or [""]


def _line_end(glyphs: Glyphs, width: int) -> int:
    """How many glyphs the first line takes."""
    room, last_break = width, 0
    for number, (letter, _) in enumerate(glyphs):
        if number and _may_break(glyphs[number - 1][0], letter):
            last_break = number
        room -= _cell(letter)
        if room < 0 and letter != " ":
            return last_break or max(1, number)
    return len(glyphs)


def _may_break(before: str, after: str) -> bool:
    if before == " ":
        return after != " "
    wide = _cell(before) == 2 or _cell(after) == 2
    return wide and after not in NOT_FIRST and before not in NOT_LAST and after != " "


def no_blank(before: str, after: str) -> bool:
    """Whether a line's end between these two texts is no blank: between Chinese, and beside its punctuation."""
    left, right_ = before[-1:], after[:1]
    if cells(left) == 2 and (cells(right_) == 2 or left in NOT_FIRST + NOT_LAST):
        return True
    return cells(right_) == 2 and right_ in NOT_FIRST + NOT_LAST
