"""Lint of terms: one word for one thing in Chinese, by the course's own table; the messages keep to it, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kvmlab
from kvmlab.author.lint.terms import Term, lint_terms, read_terms, terms_file
from kvmlab.errors import AuthorError

ROOT = Path(__file__).parents[2]
TABLE = '[[term]]\nenglish = "guest"\nchinese = "虚拟机"\nrejected = ["客户机"]\nallowed = ["客户机模式"]\n'


def course(tmp_path: Path, table: str = TABLE) -> Path:
    (tmp_path / "labs" / "net" / "one").mkdir(parents=True)
    (tmp_path / "checkers" / "net").mkdir(parents=True)
    terms_file(tmp_path, "zh").write_text(table)
    (tmp_path / "course.zh.md").write_text("处理器进入客户机模式。\n")
    (tmp_path / "labs/net/one/lab.zh.md").write_text("启动\n一台客户机。\n")
    (tmp_path / "labs/net/one/lab.md").write_text("客户机\n")
    (tmp_path / "checkers/net/one.py").write_text('zh="客户机在运行。"\n')
    return tmp_path


def test_a_rejected_word_is_found_with_file_and_line(tmp_path: Path) -> None:
    found = {(fault.file, fault.line) for fault in lint_terms(course(tmp_path), "zh")}
    assert found == {("labs/net/one/lab.zh.md", 2), ("checkers/net/one.py", 1)}
    assert "虚拟机" in next(lint_terms(tmp_path, "zh")).message


def test_a_course_without_a_table_has_no_terms(tmp_path: Path) -> None:
    terms_file(course(tmp_path), "zh").unlink()
    assert list(lint_terms(tmp_path, "zh")) == []


@pytest.mark.parametrize(
    "table", ["[[term]", TABLE.replace("chinese", "chinesse"), TABLE.replace('["客户机"]', '"客户机"'), "term = 1"]
)
def test_a_broken_table_names_the_file(tmp_path: Path, table: str) -> None:
    with pytest.raises(AuthorError, match=r"^labs/terms\.zh\.toml:1: "):
        list(lint_terms(course(tmp_path, table), "zh"))


def test_a_phrase_that_is_allowed() -> None:
    term = Term("guest", "虚拟机", ("客户机",), ("客户机代理",))
    assert term.found("客户机代理在客户机里") == ["客户机"]
    assert term.found("客户机代理") == []


def test_the_courses_own_texts_keep_to_its_table() -> None:
    assert [fault.text() for fault in lint_terms(ROOT, "zh")] == []


def test_the_messages_keep_to_the_courses_table() -> None:
    terms = read_terms(terms_file(ROOT, "zh"), ROOT)
    assert len(terms) > 20
    catalogues = (Path(kvmlab.__file__).parent / "words" / "zh").glob("*.json")
    said = [text for path in catalogues for text in json.loads(path.read_text(encoding="utf-8")).values()]
    assert [(text, term.chinese) for text in said for term in terms if term.found(text)] == []
