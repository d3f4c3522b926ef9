"""Laying out text in cells: Chinese, control characters, narrow and wide, with and without colour."""

from __future__ import annotations

import io
import re

import pytest

from kvmlab.report.cells import cells, fit, right, wrapped
from kvmlab.report.plain import TextPage, terminal_width
from kvmlab.safe_text import clean

SGR = re.compile(r"\x1b\[[0-9;]*m")


def page(width: int = 40, *, color: bool = False, encoding: str = "utf-8") -> tuple[TextPage, io.TextIOWrapper]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return TextPage(color=color, width=width, stream=stream), stream


def printed(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("网桥", 4), ("a网", 3), ("é", 1), ("e\u0301", 1), ("", 0), ("，", 2)]
)
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize("text", ["abc", "abcdef", "网桥网桥", "a网桥b", "", "网"])
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8])
def test_fit_takes_exactly_its_width(text: str, width: int) -> None:
    assert cells(fit(text, width)) == width
    assert fit(text, width).rstrip() == text or "…" in fit(text, width)


def test_right() -> None:
    assert right("网", 4) == "  网"


@pytest.mark.parametrize("text", ["\x1b[2Jgone", "a\rb", "a\x00b", "\u202eevil", "a\x9bb", "\x07"])
def test_nothing_that_moves_the_cursor_gets_through(text: str) -> None:
    assert clean(text).isprintable()
    assert fit(text, 20).isprintable()
    for color in (False, True):
        out, stream = page(color=color)
        out.prose(f"{text} `{text}`\n\n```\n{text}\n```\n\n- {text}")
        out.line(out.title(text, 10, "bold"))
        out.commands([(text, text)])
        assert all(line.isprintable() for line in SGR.sub("", printed(stream)).split("\n"))


def test_chinese_is_broken_between_characters_and_not_before_punctuation() -> None:
    lines = wrapped("网桥就是宿主机里的一台交换机，端口没有地址。", 10)
    assert all(cells(line) <= 10 for line in lines)
    assert "".join(lines) == "网桥就是宿主机里的一台交换机，端口没有地址。"
    assert not any(line[0] in "，。" for line in lines)


def test_words_longer_than_a_line_are_cut_and_nothing_is_lost() -> None:
    assert wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrapped("a  b", 80) == ["a  b"]
    assert wrapped("", 10) == [""]


MARKDOWN = """Say `ip link`, **twice**, as [the book](http://x) says:

1. one that is so long that it has to go on in a second line
- two

```bash
ip link   add br0
```
and on
中文一行
接着一行，
`br0`"""


def test_markdown_without_colour() -> None:
    out, stream = page()
    out.prose(MARKDOWN)
    assert (
        printed(stream)
        == """\
  Say `ip link`, twice, as the book
  says:

  1. one that is so long that it has to
     go on in a second line
  • two

    ip link   add br0
  and on 中文一行接着一行，`br0`
"""
    )


def test_markdown_with_colour_says_the_same() -> None:
    plain, first = page()
    plain.prose(MARKDOWN)
    coloured, second = page(color=True)
    coloured.prose(MARKDOWN)
    assert "\x1b[36mip link\x1b[0m" in printed(second)
    assert SGR.sub("", printed(second)).split() == printed(first).replace("`", "").split()


def test_stars_in_names_are_no_emphasis() -> None:
    out, stream = page()
    out.prose("2*3*4 and a_b_c and *.img")
    assert printed(stream) == "  2*3*4 and a_b_c and *.img\n"


@pytest.mark.parametrize(
    ("part", "whole", "filled"), [(0, 9, 0), (1, 100, 1), (5, 10, 5), (9, 10, 9), (10, 10, 10), (0, 0, 0), (12, 10, 10)]
)
def test_only_nothing_is_empty_and_only_all_is_full(part: int, whole: int, filled: int) -> None:
    out, _ = page()
    assert out.bar(part, whole) == "▰" * filled + "▱" * (10 - filled)


def test_a_terminal_without_unicode() -> None:
    out, stream = page(encoding="ascii")
    out.line(f"{out.mark('done')} {out.bar(1, 2, 4)} 网桥")
    assert printed(stream) == "x ##-- ??\n"


@pytest.mark.parametrize(
    ("columns", "width"), [("120", 120), ("10", 40), ("0", 80), ("-5", 80), ("many", 80), ("", 80)]
)
def test_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width(io.StringIO()) == width


def test_a_purpose_that_has_no_room_is_left_out() -> None:
    out, stream = page(44)
    out.commands([("kvmlab check network-bridge uplink", "see how far you are")])
    assert printed(stream) == "  kvmlab check network-bridge uplink\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("要先刷新*存储池*：它不知道。", "要先刷新存储池：它不知道。"), ("2*3*4 and a_*b*_c", "2*3*4 and a_*b*_c")],
)
def test_emphasis_needs_no_blank_around_it_in_chinese(text: str, shown: str) -> None:
    sheet, stream = page(60)
    sheet.prose(text, indent=0)
    assert printed(stream) == f"{shown}\n"
