"""Sentences tied to checks: the marks are not shown, and each belongs to the sentence before it."""

from __future__ import annotations

from kvmlab.course.lab.claims import claims_of, unmarked
from kvmlab.course.source import Piece, Source

TEXT = """\
Make `br0`, with
STP. {=exists, has-stp} Nothing more. It runs, {=runs} and starts with the host. {=starts}

```bash
echo '{=not-here}.'  # {{=nor-here}}
```

现在如此，{=now} 下次启动也如此。{=later} 完了。
"""


def piece(text: str) -> Piece:
    return Piece(text, Source("lab.md", text).at(11))


def test_marks_are_not_shown_and_lines_stay_where_they_were() -> None:
    shown = unmarked(piece(TEXT)).text
    assert shown.splitlines() == [
        "Make `br0`, with", "STP. Nothing more. It runs, and starts with the host.", "", "```bash",
        "echo '{=not-here}.'  # {{=nor-here}}", "```", "", "现在如此， 下次启动也如此。 完了。",
    ]  # fmt: skip


def test_each_mark_belongs_to_the_sentence_before_it() -> None:
    found = [(claim.sentence, claim.checks, claim.place.line) for claim in claims_of(piece(TEXT))]
    assert found == [
        ("Make `br0`, with STP.", ("exists", "has-stp"), 11),
        ("Nothing more.", (), 12),
        ("It runs,", ("runs",), 12),
        ("and starts with the host.", ("starts",), 12),
        ("现在如此，", ("now",), 18),
        ("下次启动也如此。", ("later",), 18),
        ("完了。", (), 18),
    ]
