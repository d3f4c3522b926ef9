"""Markdown of the course as HTML: no HTML of its own passes, and nothing in it is loaded or leads out unasked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kvmlab.report.cells import no_blank

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_inline", "html_block"])
    made.validateLink = _is_web  # type: ignore[method-assign]
    return made


def html(text: str) -> str:
    """A text with paragraphs, lists, code."""
    made = _markdown()
    tokens = made.parse(text)
    for token in tokens:
        inline = token.children or []
        for before, here, after in zip(inline, inline[1:], inline[2:], strict=False):
            if here.type == "softbreak" and no_blank(before.content, after.content):
                here.type, here.content = "text", ""  # Chinese has no blanks
    return str(made.renderer.render(tokens, made.options, {}))


def inline_html(text: str) -> str:
    """A sentence: a title, an answer to choose."""
    return str(_markdown().renderInline(text))


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https") or url.startswith("#")
    except ValueError:
        return False
