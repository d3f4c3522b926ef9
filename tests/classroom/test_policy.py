"""What counts, by class.toml: best, last, first; late, hints, exceptions; no grade is never 0 unless it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.folder import SETTINGS, create_class
from kvmlab.classroom.gradebook.records import Attempt, Graded, Grading
from kvmlab.classroom.policy import Mark, Policy, mark, read_policy
from kvmlab.errors import UsageError
from tests.classroom.samples import STUDENTS

DUE = "due = 2026-12-01T18:00:00+08:00\n"  # 10:00 UTC


def attempt(points: int, taken: str = "2026-12-01T09:00:00Z", **more: Any) -> Graded:
    number = more.pop("number", 1)
    made = Attempt(number, "2026001", "kvm", "network-bridge", "v", "s", {}, "i", taken, taken, {}, False, "d")
    unseen = more.pop("unseen", 0)
    return Graded(made._replace(**more), Grading(number, 1, "failed", points, 10, unseen, {}))


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], Policy]:
    def read(text: str) -> Policy:
        (tmp_path / SETTINGS).write_text(text, encoding="utf-8")
        return read_policy(tmp_path / SETTINGS)

    return read


@pytest.fixture
def marked(policy: Callable[[str], Policy]) -> Callable[..., Mark]:
    def of(text: str, *graded: Graded) -> Mark:
        return mark(graded, policy(text).rules("2026001", "network-bridge"), 10)

    return of


def test_the_first_settings_are_a_policy(tmp_path: Path) -> None:
    create_class(tmp_path / "kvm", STUDENTS)
    assert read_policy(tmp_path / "kvm" / SETTINGS).rules("x", "y").counts == "best"


def test_what_the_first_settings_show_as_comments_is_right(tmp_path: Path, policy: Callable[[str], Policy]) -> None:
    create_class(tmp_path / "kvm", STUDENTS)
    text = (tmp_path / "kvm" / SETTINGS).read_text(encoding="utf-8")
    rules = ("# [", "# due", "# weight", "# student", "# lab =", "# excused", "# why")
    shown = [line.removeprefix("# ") for line in text.splitlines() if line.startswith(rules)]
    found = policy("\n".join(shown))
    assert found.rules("ID", "network-bridge").excused and found.rules("2", "network-bridge").weight == 2
    assert len(shown) == 8


@pytest.mark.parametrize(("counts", "points"), [("best", 9), ("last", 4), ("first", 6)])
def test_which_counts(marked: Callable[..., Mark], counts: str, points: int) -> None:
    three = [attempt(9, "2026-12-01T08:00:00Z", number=2), attempt(6, "2026-12-01T07:00:00Z", number=1),
             attempt(4, "2026-12-01T09:00:00Z", number=3)]  # fmt: skip
    assert marked(f'counts = "{counts}"', *three).points == points


@pytest.mark.parametrize(
    ("taken", "rules", "points"),
    [
        ("2026-12-01T10:00:00Z", "", 10),
        ("2026-12-01T10:00:01Z", "", 9),
        ("2026-12-01T10:10:00Z", "grace_minutes = 10\n", 10),
        ("2026-12-02T10:00:01Z", "", 8),
        ("2026-12-31T10:00:00Z", "", 0),
        ("2026-12-31T10:00:00Z", "late_percent_at_most = 50\n", 5),
    ],
)
def test_late(marked: Callable[..., Mark], taken: str, rules: str, points: float) -> None:
    text = f"late_percent_per_day = 10\n{rules}[labs.network-bridge]\n{DUE}"
    assert marked(text, attempt(10, taken)).points == points


def test_the_best_is_the_best_after_what_is_taken_off(marked: Callable[..., Mark]) -> None:
    text = f"late_percent_per_day = 50\n[labs.network-bridge]\n{DUE}"
    found = marked(text, attempt(7, number=1), attempt(10, "2026-12-01T12:00:00Z", number=2))
    assert found.graded and (found.points, found.graded.attempt.number, found.why) == (7, 1, "")


def test_an_exception_given_later_changes_what_was_late(marked: Callable[..., Mark]) -> None:
    text = f"late_percent_per_day = 50\n[labs.network-bridge]\n{DUE}"
    late = attempt(10, "2026-12-01T12:00:00Z")
    assert marked(text, late)[0::3] == (5, "late: 50 % off")
    more = '[[exceptions]]\nstudent = "2026001"\ndue = 2026-12-02T18:00:00+08:00\nwhy = "ill"\n'
    assert marked(text + more, late)[0::3] == (10, "")
    assert marked(text + more.replace("2026001", "2026002"), late).points == 5


def test_the_exception_for_one_lab_goes_before_that_for_all(policy: Callable[[str], Policy]) -> None:
    found = policy('[[exceptions]]\nstudent = "1"\nlab = "a"\nweight = 3\n[[exceptions]]\nstudent = "1"\nweight = 2\n')
    assert [found.rules("1", "a").weight, found.rules("1", "b").weight, found.rules("2", "a").weight] == [3, 2, 1]


@pytest.mark.parametrize(
    ("text", "graded", "points", "why"),
    [
        ("", [], None, "no attempt"),
        ('no_attempt = "zero"', [], 0, "no attempt"),
        ("", [attempt(3, unseen=1)], None, "could not look"),
        ('could_not_look = "zero"', [attempt(3, unseen=1)], 0, "could not look"),
        ("", [attempt(3, unseen=1), attempt(2)], 2, ""),
        ("", [attempt(3, assisted=True)], None, "only with the solution"),
        ("assisted_counts = true", [attempt(3, assisted=True)], 3, ""),
        ("hint_percent = 5", [attempt(10, hints={"a": 2, "b": 1})], 8.5, "hints: 15 % off"),
        ("hint_percent = 50", [attempt(10, hints={"a": 9})], 0, "hints: 100 % off"),
        ('[[exceptions]]\nstudent = "2026001"\nexcused = true', [attempt(3)], None, "excused"),
    ],
)
def test_no_grade_and_some(
    marked: Callable[..., Mark], text: str, graded: list[Graded], points: float | None, why: str
) -> None:
    assert marked(text, *graded)[0::3] == (points, why)


def test_weight(marked: Callable[..., Mark]) -> None:
    assert marked("[labs.network-bridge]\nweight = 2.5\n", attempt(4))[:2] == (10, 25)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("counts = \n", "line 1"),
        ("count = 'best'\n", "did you mean `counts`"),
        ("counts = 'worst'\n", '"best", "last", "first"'),
        ("late_percent_per_day = 101\n", "0 to 100"),
        ("grace_minutes = true\n", "a number"),
        ("hint_percent = nan\n", "a number"),
        ("assisted_counts = 1\n", "true or false"),
        ("[labs.x]\ndue = 2026-12-01T18:00:00\n", "with its zone"),
        ("[labs.x]\ndue = '2026-12-01'\n", "without quotes"),
        ("[labs.x]\nexcused = true\n", "no rule `excused`"),
        ("labs = 3\n", "[labs.NAME]"),
        ("exceptions = 3\n", "[[exceptions]]"),
        ("[[exceptions]]\nexcused = true\n", "`student` is missing"),
        ("due = 2026-12-01T18:00:00Z\n", "no rule `due`"),
    ],
)
def test_what_is_wrong_is_said(policy: Callable[[str], Policy], text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        policy(text)
    assert said in caught.value.message and SETTINGS in caught.value.message


def test_all_faults_at_once(policy: Callable[[str], Policy]) -> None:
    with pytest.raises(UsageError) as caught:
        policy("a = 1\nb = 2\n[labs.x]\nweight = -1\n[[exceptions]]\nstudent = 7\n")
    assert len(caught.value.message.splitlines()) == 5


def test_it_speaks_of_those_there_are(policy: Callable[[str], Policy], tmp_path: Path) -> None:
    found = policy('[labs.network-brige]\n[[exceptions]]\nstudent = "202601"\nlab = "x"\n')
    with pytest.raises(UsageError) as caught:
        found.must_fit(tmp_path, ["2026001"], ["network-bridge"])
    assert len(caught.value.message.splitlines()) == 4 and "`network-bridge`" in caught.value.message
