"""The exam's page: what was wanted and found, and nothing that a browser would take for more than text."""

from __future__ import annotations

import itertools
from html.parser import HTMLParser

from kvmlab.course.exam.model import Exam, ExamLab, ExamQuestion
from kvmlab.report.exam import exam_html
from tests.report.samples import report


class Reader(HTMLParser):
    """Collects the tags of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(title: str = "Mend the `bridge`") -> tuple[set[str], str]:
    tasks = tuple(task.to_json() | {"title": title} for task in report("half").tasks)
    lab = ExamLab("network-bridge", 20, 9, tasks=tasks)
    reader = Reader()
    reader.feed(exam_html(Exam("s", 60, "2026-11-23T10:00:00Z", (ExamQuestion("net", "like", True),), (lab,))))
    return reader.tags, "".join(reader.words)


def test_what_failed_is_shown_with_what_was_found_and_wanted() -> None:
    tags, words = read()
    assert "Mend the bridge" in words
    rows = [f.facts for task in report("half").tasks for one in task.checks for f in one.findings]
    for failed in itertools.chain(*rows):
        assert (f"{failed.found}, wanted {failed.wanted}" in words) is not failed.met
        assert failed.met or failed.see in words
    assert {mark for mark in "✓✗○" if mark in words} == set("✓✗○")
    assert "code" in tags


def test_hostile_text_stays_text() -> None:
    hostile = "<script>alert(1)</script> `<img src=x>` [x](javascript:y) ![](z)"
    tags, words = read(hostile)
    assert not tags & {"script", "img", "a"}
    assert "<script>alert(1)</script> <img src=x> [x](javascript:y)" in words
