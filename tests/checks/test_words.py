"""Everything a student can read of checks and reports is there in Chinese, with the same places to fill in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab import words
from kvmlab.checks.facts import fact_names
from kvmlab.checks.subject import Subject
from kvmlab.grading.verdicts import Verdict
from kvmlab.report.evidence import label
from tests.checks.test_vocabulary import NOUNS

PACKAGE = Path(words.__file__).parents[1]
REPORTS = ("terminal", "evidence", "sheet", "junit", "document", "progress", "progress_line")
FILES = sorted(
    [
        *(PACKAGE / "checks").rglob("*.py"),
        *(PACKAGE / "grading").rglob("*.py"),
        *(PACKAGE / f"report/{name}.py" for name in REPORTS),
    ]
)


def said(path: Path) -> Iterator[str]:
    """The English of every t("…") and of the words that classes keep for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "t" and node.args:
            texts = (part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
            yield from (text.value for text in texts if isinstance(text.value, str) and len(text.value) > 1)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("label", "absent", "what"):
            yield from (value for value in [getattr(node.value, "value", "")] if isinstance(value, str) and value)


MESSAGES = sorted({message for path in FILES for message in said(path)})
PLACES = re.compile(r"\{(\w+)")


@pytest.fixture
def _chinese() -> None:
    words.set_language("zh")


def test_messages_are_found() -> None:
    assert len(MESSAGES) > 120


@pytest.mark.usefixtures("_chinese")
@pytest.mark.parametrize("message", MESSAGES)
def test_there_is_chinese_for_it(message: str) -> None:
    chinese = words.catalogue("zh").get(message)
    assert chinese and sorted(PLACES.findall(chinese)) == sorted(PLACES.findall(message))


@pytest.mark.usefixtures("_chinese")
@pytest.mark.parametrize("cls", NOUNS, ids=lambda cls: cls.__name__)
def test_there_is_chinese_for_its_facts(cls: type[Subject]) -> None:
    for name in fact_names(cls.facts):
        english = re.sub(r" \(.*", "", words_of(name))
        assert english in words.catalogue("zh"), english


def words_of(name: str) -> str:
    words.set_language("en")
    try:
        return label(name)
    finally:
        words.set_language("zh")


@pytest.mark.usefixtures("_chinese")
def test_names_of_places_and_inventories_too() -> None:
    assert {"host", "peer", "gateway", "domains", "networks", "pools"} <= set(words.catalogue("zh"))
    assert label("memory_mib") == "内存 (MiB)" and len(Verdict) == 4
