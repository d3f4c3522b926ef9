"""The catalogue of Chinese messages is complete: each message has its entry, each entry its message.

A message is a literal passed to `t()`. Those that reach it by another way (a table of verbs, a label of a noun) cannot
be told from other texts, so an entry counts as used when its English stands anywhere in the package.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import kvmlab
from kvmlab.page.words import TEXTS

PACKAGE = Path(kvmlab.__file__).parent
CATALOGUES = sorted((PACKAGE / "words" / "zh").glob("*.json"))


@cache
def sources() -> dict[str, ast.Module]:
    """Every Python file of the package, parsed, by its path in the package."""
    files = [path for path in PACKAGE.rglob("*.py") if "own_course" not in path.parts]
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def messages() -> Iterator[tuple[str, str]]:
    """Every literal passed to `t()`: "file:line" and the message. `t(a if b else c)` passes two. And the page's own."""
    for file, tree in sources().items():
        for one in ast.walk(tree):
            if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "t" and one.args:
                for text in literals(one.args[0]):
                    yield f"{file}:{one.lineno}", text
    yield from ((f"page/words.py: {name}", text) for name, text in TEXTS.items())


def literals(value: ast.expr) -> Iterator[str]:
    """The texts an expression may be."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from literals(value.body)
        yield from literals(value.orelse)


@cache
def catalogue() -> dict[str, str]:
    """All entries."""
    found: dict[str, str] = {}
    for path in CATALOGUES:
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found


def test_every_message_is_translated() -> None:
    """No message without Chinese."""
    missing = sorted({f"{where}: {text!r}" for where, text in messages() if text not in catalogue()})
    assert missing == []


def test_every_entry_is_used() -> None:
    """No entry of a message that is gone. The names of facts are shown as words: `virtual_size_mib`, virtual size."""
    used: set[str] = set()
    for tree in sources().values():
        for one in ast.walk(tree):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                used.add(one.value)
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                used.add(re.sub("_(mib|bytes|s)$", "", one.target.id).replace("_", " "))
    assert sorted(set(catalogue()) - used) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_the_same_values(path: Path) -> None:
    """Both languages name the same values, and neither is empty."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    wrong = [text for text, chinese in entries.items() if fields(text) != fields(chinese) or not chinese]
    assert wrong == []


def fields(text: str) -> set[str]:
    """The values a message has a place for."""
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_no_entry_twice() -> None:
    """An English message has one Chinese one, whichever file is read last."""
    seen: dict[str, str] = {}
    for path in CATALOGUES:
        for text, chinese in json.loads(path.read_text(encoding="utf-8")).items():
            assert seen.setdefault(text, chinese) == chinese, f"{path.stem}: {text}"
