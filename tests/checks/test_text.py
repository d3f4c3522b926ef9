"""What comes from a hostile guest is safe to print."""

import random
import sys
import unicodedata

import pytest

from kvmlab.checks import show
from kvmlab.checks.text import plain

HOSTILE = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\rb", "a\nb", "\x00", "\x9b31m", "\u202eevil", "\u200b",
    "\u2066x\u2069",     "\ud800", "\ufeff", "\u2028", "\U000e0041", "a\u0300" * 500, "\x7f", "x" * 10**6, "\t",
]  # fmt: skip


def safe(text: str) -> bool:
    return all(unicodedata.category(letter)[0] != "C" and letter.isprintable() for letter in text)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for limit in (0, 1, 2, 20, 200):
        assert safe(plain(text, limit)) and len(plain(text, limit)) <= 6 * limit + 10
        assert safe(show([text, {text: text}], limit))
    plain(text).encode("utf-8")


def test_random_text_is_safe_short_and_still_told_apart() -> None:
    rng = random.Random(7)
    for _ in range(500):
        text = "".join(chr(rng.randrange(sys.maxunicode)) for _ in range(rng.randrange(30)))
        shown = plain(text)
        assert safe(shown) and len(shown) <= 200
        if not safe(text):
            assert shown != text


def test_what_cannot_be_seen_is_shown_rather_than_dropped() -> None:
    assert plain("web1\x1b[8m") == "web1\\x1b[8m"
    assert plain("web\u200b1") == "web\\u200b1"
    assert plain("a\u3000b") == "a b"


def test_a_gigabyte_costs_nothing() -> None:
    assert len(plain("x" * 10**8)) == 200
    assert len(show(["x" * 10**7] * 10**5)) == 200


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"), ([], "none"), ((), "none"), ({}, "none"), ("", "empty"), (True, "yes"), (False, "no"), (3, "3"),
        (1.5, "1.5"), (["b", "a"], "b, a"), ({"a": "b"}, "a → b"), ({"y", "x"}, "x, y"), ("br0", "br0"),
    ],
)  # fmt: skip
def test_words(value: object, words: str) -> None:
    assert show(value) == words
