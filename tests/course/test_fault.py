"""Faults: read from Markdown, filled in for a lab; what is wrong with one has its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course
from kvmlab.course.fault.model import Fault
from kvmlab.course.fault.reading import FaultFile, fault_files
from kvmlab.errors import AuthorError

Edit = Callable[[str, str, str], Path]
FILE = "faults/net/down.md"
TEXT = """\
+++
title = "`{{ link }}` is down"
level = 1
yours = ["link {{ link }}: up"]
[labs.net-bridge]
link = "{{ bridge }}"
+++
## Ticket
Nobody reaches `{{ link }}`.

```bash id=ping from=peer
ping -c1 {{ lan.ip }}
```

It was well yesterday.

```bash upcoming
ip link show {{ link }} up
```
## Break
```bash id=down
ip link set {{ link }} down
```
## Undo
```bash
ip link set {{ link }} up
```
## Cure: with ifconfig
```bash
ifconfig {{ link }} up
```
## Wrong cure: looking at it
```bash
ip link show {{ link }}
```
## Hint
Look at the links.
## Hint
`ip link`
## Story
It was down.
"""
CHINESE = """\
+++
title = "`{{ link }}` 没有启用"
+++
## 工单
谁也连不上 `{{ link }}`。
## 提示
看看网卡。
## 提示
`ip link`
## 始末
它没有启用。
"""


@pytest.fixture
def course(copy: Path) -> Path:
    """The example course with a fault."""
    (copy / "faults/net").mkdir(parents=True)
    (copy / FILE).write_text(TEXT, encoding="utf-8")
    (copy / FILE.replace(".md", ".zh.md")).write_text(CHINESE, encoding="utf-8")
    return copy


def made(root: Path, variant: str | None = None) -> Fault:
    (file,) = fault_files(root)
    return file.for_lab(Course.load(root).lab("net-bridge", "en", variant))


def test_a_fault_is_filled_in_for_its_lab(course: Path) -> None:
    fault = made(course)
    assert (fault.id, fault.level, fault.yours, fault.file) == ("net-down", 1, ("link br0: up",), FILE)
    assert [(one.id, one.code) for one in fault.breaks] == [("down", "ip link set br0 down\n")]
    assert [step.code for step in fault.undo] == ["ip link set br0 up\n"]
    assert [(way.title, way.steps[0].code) for way in fault.cures] == [("with ifconfig", "ifconfig br0 up\n")]
    assert [way.title for way in fault.wrong] == ["looking at it"]


def test_the_tickets_fences_are_symptoms_and_not_its_text(course: Path) -> None:
    first, second = made(course).symptoms
    assert (first.id, first.place, first.guest, first.upcoming) == ("ping", "peer", "", False)
    assert (second.id, second.place, second.code, second.upcoming) == ("symptom-2", "host", "ip link show br0 up", True)
    ticket = made(course).story("en").ticket
    assert "Nobody reaches `br0`." in ticket and "yesterday" in ticket
    assert "ping" not in ticket


def test_both_languages_are_there(course: Path) -> None:
    fault = made(course)
    assert fault.story("zh").ticket == "谁也连不上 `br0`。"
    assert fault.story("zh").title == "`br0` 没有启用"
    assert fault.story("fr") == fault.story("en")
    assert len(fault.story("en").hints) == len(fault.story("zh").hints) == 2


def test_a_variant_reaches_the_fault(course: Path) -> None:
    bridge = Course.load(course).lab("net-bridge", "en", "zhang").values["bridge"]
    assert made(course, "zhang").breaks[0].code == f"ip link set {bridge} down\n"


def test_what_a_repair_keeps_does_not_say_how_it_is_broken_or_mended(course: Path) -> None:
    fault = made(course)
    kept = fault.to_json()
    assert "down" not in str(kept["symptoms"])
    again = Fault.from_json(kept)
    assert (again.stories, again.symptoms, again.yours) == (fault.stories, fault.symptoms, fault.yours)
    assert not again.breaks and not again.undo


@pytest.mark.parametrize("kept", [None, [], {}, {"id": "x"}, {"stories": {"en": 3}}, {"stories": {}, "symptoms": []}])
def test_a_kept_fault_that_is_none_is_refused(kept: object) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault.from_json(kept)


WRONG = [
    ("level = 1", "level = 4", 3, "`level` is 1, 2 or 3"),
    ("level = 1", 'level = "1"', 3, "has to be a whole number"),
    ("level = 1\n", "", 1, "`level` is missing"),
    ('link = "{{ bridge }}"', 'link = "{{ brigde }}"', 6, "did you mean `bridge`"),
    ('link = "{{ bridge }}"', "link = 3", 5, "a table of names and texts"),
    ("from=peer", "from=moon", 11, "`from=` is one of: host, peer, gateway"),
    ("id=ping", "replace=ping", 11, "is not one of id=, guest=, from=, upcoming"),
    ("## Break", "## Brake", 20, "is not one of: Ticket"),
    ("## Story\nIt was down.\n", "", 1, "needs one part `## Story`"),
    ("## Story", "### Story", 40, "headings of level 2 only"),
    ("```bash\nip link set {{ link }} up\n```", "Up again.", 24, "has no step"),
    ('"link {{ link }}: up"', "3", 4, "`yours` is a list of texts"),
]


@pytest.mark.parametrize(("old", "new", "line", "says"), WRONG)
def test_what_is_wrong_has_its_line(course: Path, edit: Edit, old: str, new: str, line: int, says: str) -> None:
    edit(FILE, old, new)
    with pytest.raises(AuthorError, match=f"^{FILE}:{line}: .*") as caught:
        made(course)
    assert says in str(caught.value)


def test_it_is_made_for_its_own_labs_only(course: Path, edit: Edit) -> None:
    edit(FILE, "[labs.net-bridge]", "[labs.net-other]")
    with pytest.raises(AuthorError, match="is not offered for net-bridge"):
        made(course)


def test_a_course_without_faults_has_none(copy: Path) -> None:
    assert fault_files(copy) == ()
    assert FaultFile(copy, "net", "down").id == "net-down"
