"""Lint's rules for the faults of a course: a sound one has none, and what is planted is found where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.author.lint import lint
from kvmlab.repair.shown import solved_state
from tests.author.planting import plant
from tests.conftest import Kvmlab

FILE, CHINESE = "faults/tiny/gone.md", "faults/tiny/gone.zh.md"
TEXT = """\
+++
title = "The note is gone"
level = 1
yours = ["file {{ kept }}"]
[labs.tiny-note]
it = "{{ kept }}"
+++
## Ticket
I find the note no more.
```bash
test -s {{ kept }}
```
## Break
```bash
mv {{ kept }} {{ kept }}.old
```
## Undo
```bash
mv {{ kept }}.old {{ kept }}
```
## Wrong cure: an empty one
```bash
touch {{ kept }}
```
## Hint
It is a file.
## Hint
`ls`
## Hint
It has another name.
## Story
Somebody renamed it.
"""
TRANSLATION = '+++\ntitle = "没了"\n+++\n## 工单\n找不到。\n' + "## 提示\n看。\n" * 3 + "## 始末\n改名了。\n"


def said(tmp_path: Path, *changes: tuple[str, str, str]) -> list[str]:
    """What lint says of the tiny course with this fault, changed."""
    files = [(FILE, "", TEXT), (CHINESE, "", TRANSLATION)]
    return [fault.text() for fault in lint(plant(tmp_path, *files, *changes), [])]


def test_a_sound_fault_has_no_faults(tmp_path: Path) -> None:
    assert said(tmp_path) == []


PLANTED = [
    ((FILE, "[labs.tiny-note]", "[labs.tiny-nope]"), FILE, "tiny-nope"),
    ((FILE, '[labs.tiny-note]\nit = "{{ kept }}"\n', "[labs]\n"), FILE, "offered for no lab"),
    ((FILE, "```bash\ntest -s {{ kept }}\n```\n", ""), FILE, "no symptom"),
    ((FILE, "## Undo\n```bash\nmv {{ kept }}.old {{ kept }}\n```\n", ""), FILE, "`## Undo`"),
    ((FILE, "## Wrong cure: an empty one\n```bash\ntouch {{ kept }}\n```\n", ""), FILE, "no `## Wrong cure"),
    ((FILE, "## Hint\nIt is a file.\n", ""), FILE, "hints: 2"),
    ((CHINESE, "## 提示\n看。\n", ""), CHINESE, "hints: 2; in English: 3"),
    ((CHINESE, "## 工单", "## 工单呢"), CHINESE, "is not one of"),
    ((FILE, "renamed it", "renamed {{ its }}"), FILE, "`its` is not a parameter"),
    ((FILE, '"file {{ kept }}"', '"thing x"'), FILE, "NOUN NAME"),
    ((FILE, "It is a file.", "TODO: a hint"), FILE, "still to be done"),
]


@pytest.mark.parametrize(("change", "file", "says"), PLANTED)
def test_finds(tmp_path: Path, change: tuple[str, str, str], file: str, says: str) -> None:
    found = [text for text in said(tmp_path, change) if says in text]
    assert found and all(text.startswith(file) for text in found)


def test_both_languages_are_wanted(tmp_path: Path) -> None:
    course = plant(tmp_path, (FILE, "", TEXT))
    assert any("there is no gone.zh.md beside it" in fault.text() for fault in lint(course, []))


def test_faults_are_counted_by_lab_and_level(tmp_path: Path, bare_kvmlab: Kvmlab) -> None:
    course = plant(tmp_path, (FILE, "", TEXT), (CHINESE, "", TRANSLATION))
    root = course.root
    done = bare_kvmlab("--course", str(root), "lint", "--faults", "--json")
    assert done.returncode == 0
    rows = json.loads(done.stdout)["labs"]
    assert rows == [{"lab": "tiny-note", "written": [1, 0, 0], "general": [0, 0, 0]}]
    faults = {"general: link br1: down": 1, "general: pool a: undefined": 1, "general: pool a: stopped": 2}
    lab = course.lab("tiny-note", "en", None)
    kept = {"tiny-note": {"solved": solved_state(lab, course.solutions(lab)[0].steps), "faults": faults}}
    (root / "faults" / "shown.json").write_text(json.dumps(kept))
    rows = json.loads(bare_kvmlab("--course", str(root), "lint", "--faults", "--json").stdout)["labs"]
    assert rows == [{"lab": "tiny-note", "written": [1, 0, 0], "general": [2, 1, 0]}]
    said = bare_kvmlab("--course", str(root), "lint", "--faults").stdout
    assert "1 written faults in 1 places, 3 general ones that were seen to show: 4 in all." in said
    solution = next((root / "solutions").rglob("solution.md"))
    solution.write_text(solution.read_text() + "\n```bash\ntrue\n```\n")
    said = bare_kvmlab("--course", str(root), "lint", "--faults").stdout
    assert "1 written faults in 1 places, 0 general ones that were seen to show: 1 in all." in said
