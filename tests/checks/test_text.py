"""A fact's value in words."""

import pytest

from kvmlab.checks import show


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"), ([], "none"), ((), "none"), ({}, "none"), ("", "empty"), (True, "yes"), (False, "no"), (3, "3"),
        (1.5, "1.5"), (["b", "a"], "b, a"), ({"a": "b"}, "a → b"), ({"y", "x"}, "x, y"), ("br0", "br0"),
    ],
)  # fmt: skip
def test_words(value: object, words: str) -> None:
    assert show(value) == words
