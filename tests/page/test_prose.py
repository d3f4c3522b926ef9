"""Markdown becomes HTML, and nothing that could run or load anything does."""

from __future__ import annotations

import pytest

from kvmlab.page.prose import html, inline_html


def test_what_the_course_writes_is_shown() -> None:
    shown = html("**br0** is `up`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```text\n<x>\n```\n")
    for part in ("<strong>br0</strong>", "<code>up</code>", "<td>2</td>", "&lt;x&gt;"):
        assert part in shown
    assert html("每个\n数据包") == "<p>每个数据包</p>\n"
    assert inline_html("`a` < b") == "<code>a</code> &lt; b"


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))", "[x](data:text/html,x)", "[x](//evil.example)", "<iframe src=x>", "[x](http://[)",
    "`<b>`", "a<b onclick=x>c",
])  # fmt: skip
def test_nothing_in_it_runs_or_is_loaded(text: str) -> None:
    for shown in (html(text), inline_html(text)):
        for tag in ("<script", "<img", "<iframe", "<b", 'href="javascript', 'href="data', 'href="//'):
            assert tag not in shown.replace("<br", "")
