"""JSON as it is written: whatever text is in it, it can be looked at, encoded, and read again as it was."""

from __future__ import annotations

import json

import pytest

from kvmlab.json_text import canonical, json_text

HOSTILE = {"网络": "\x1b[2J\x9b\u202e\u200b\udc80\x7f", "b": [1, "a\nb"], "a": None}


def test_what_a_terminal_acts_upon_is_escaped_and_the_rest_is_as_it_was() -> None:
    text = json_text(HOSTILE)
    assert json.loads(text) == HOSTILE and text.endswith("}\n") and "网络" in text
    assert text.encode() and not set(text) & set("\x1b\x9b\u202e\u200b\x7f")
    assert list(json.loads(text)) == list(HOSTILE)
    assert json_text({"a": 1}, indent=None) == '{"a": 1}\n'


def test_the_same_value_is_always_the_same_bytes() -> None:
    assert canonical(HOSTILE) == canonical(dict(reversed(HOSTILE.items())))
    assert canonical({"b": (1, 2), "a": "é"}) == b'{"a":"\\u00e9","b":[1,2]}'


def test_what_is_no_json_is_refused_unless_it_is_only_kept() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical([float("nan")])
    assert canonical([float("nan")], allow_nan=True) == b"[NaN]"
