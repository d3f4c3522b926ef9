"""Wrong codes are counted for a while, and fill no memory."""

from __future__ import annotations

import pytest

from kvmlab.classroom.door import wrong_codes
from kvmlab.classroom.door.wrong_codes import WrongCodes

ANNA, BO = "2026001", "2026002"


def test_names_that_nobody_has_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_codes, "MOST_WRONG", 10)
    wrong = WrongCodes()
    for number in range(100):
        wrong.again(student=f"x{number}", address="a")
    assert len(wrong._times) == 10


def test_what_is_past_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_codes, "WRONG", {"student": 1, "address": 9})
    wrong = WrongCodes()
    wrong.again(student=ANNA, address="a")
    assert wrong.too_often(student=ANNA, address="b") and not wrong.too_often(student=BO, address="a")
    monkeypatch.setattr(wrong_codes, "WRONG_S", -1.0)
    assert not wrong.too_often(student=ANNA, address="a") and not wrong._times
