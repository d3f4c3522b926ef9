"""Every message of these packages has its Chinese, and no Chinese is left over."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab import words

PACKAGES = ("host", "guest", "remote")
ROOT = Path(words.__file__).parents[1]
CALLS = ("t", "MissingObject")


def messages(package: str) -> Iterator[str]:
    """The literal first arguments of t() and MissingObject()."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def test_every_message_is_translated() -> None:
    words.set_language("zh")
    missing = {message for package in PACKAGES for message in messages(package) if message not in words.catalogue("zh")}
    assert not missing


def fields(text: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("package", PACKAGES)
def test_translations_fill_in_the_same_values(package: str) -> None:
    catalogue = json.loads((ROOT / f"words/zh/{package}.json").read_text(encoding="utf-8"))
    assert {english for english, chinese in catalogue.items() if fields(english) != fields(chinese)} == set()
