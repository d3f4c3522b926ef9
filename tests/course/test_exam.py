"""Exams: what is drawn, what counts, what a record keeps."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kvmlab.cli.context import Context
from kvmlab.cli.exam.session import begin_lab, hand_in, is_up
from kvmlab.course import ProgressStore
from kvmlab.course.exam.draw import draw_apart, draw_shared
from kvmlab.course.exam.model import Exam, ExamLab, ExamQuestion, Exams
from kvmlab.course.progress import now
from kvmlab.errors import CannotRun
from kvmlab.labhost.container import Condition
from kvmlab.paths import State
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

POOLS: dict[str, list[str]] = {"a": ["a1", "a2", "a3"], "b": ["b1"], "c": ["c1", "c2"], "none": []}
WEIGHTS = {"a": 3, "b": 1, "c": 2, "none": 5}
TASK: dict[str, Any] = {"title": "A task", "verdict": "failed", "points": 0, "max_points": 1}
FACT = {"name": "exists", "wanted": "yes", "found": "no", "met": False, "see": "ip link"}
CHECK: dict[str, Any] = {"sentence": "There is `br0`.", "verdict": "failed", "error": None, "findings": []}
TASK["checks"] = [{**CHECK, "findings": [{"subject": "bridge br0", "facts": [FACT]}]}]


def test_labs_are_drawn_from_different_chapters() -> None:
    for seed in range(20):
        drawn = draw_apart(random.Random(seed), POOLS, WEIGHTS, 3)
        assert sorted(name[0] for name in drawn) == ["a", "b", "c"]
    assert sorted(draw_apart(random.Random(0), POOLS, WEIGHTS, 99)) == ["a1", "a2", "a3", "b1", "c1", "c2"]


def test_a_heavier_chapter_is_drawn_more_often() -> None:
    first = [draw_apart(random.Random(seed), POOLS, WEIGHTS, 1)[0][0] for seed in range(600)]
    assert first.count("a") > first.count("c") > first.count("b") > 0


def test_questions_are_shared_out_by_weight() -> None:
    pools = {"a": list(range(100)), "b": list(range(100, 200))}
    drawn = draw_shared(random.Random(1), pools, {"a": 3, "b": 1}, 20)
    assert sum(number < 100 for number in drawn) == 15
    assert len(set(drawn)) == 20


def test_the_same_seed_draws_the_same() -> None:
    one, other = (draw_shared(random.Random("x"), POOLS, WEIGHTS, 4) for _ in range(2))
    assert one == other


def exam(minutes: int = 60) -> Exam:
    questions = (ExamQuestion("net", "like"), ExamQuestion("net", "make"))
    return Exam("s", minutes, now(), questions, (ExamLab("net-bridge", 8),))


def test_what_counts() -> None:
    done = exam().answered(0, True).answered(1, False).handed_in(0, 6, ())
    assert (done.points, done.max_points, done.percent, done.passed) == (7, 10, 70, True)
    assert (done.open_question, done.open_lab) == (None, None)


def test_what_is_late_is_shown_and_does_not_count() -> None:
    late = exam(0)._replace(began="2026-01-01T00:00:00Z").answered(0, True).handed_in(0, 8, ())
    assert late.points == 0
    assert late.labs[0].reached == 8
    assert late.labs[0].late


def test_a_lab_never_gives_more_than_it_had_at_the_start() -> None:
    """Its text may have changed since."""
    assert exam().handed_in(0, 30, ()).percent == 80


def test_a_clock_that_was_set_back_gives_no_more_time_than_there_was() -> None:
    assert exam(60)._replace(began="2099-01-01T00:00:00Z").seconds_left == 3600


BROKEN_TASKS: list[Any] = [
    1, {}, {**TASK, "title": 1}, {**TASK, "checks": 3}, {**TASK, "checks": [{**CHECK, "error": 3}]},
    {**TASK, "checks": [{**CHECK, "findings": [{"subject": "bridge br0", "facts": [{"name": []}]}]}]},
]  # fmt: skip
CHANGES: list[dict[str, Any]] = [
    {"minutes": 1e999}, {"minutes": "60"}, {"seed": "../x"}, {"seed": "\x1b[2J"}, {"ended": None},
    {"questions": [{"chapter": 1, "id": "like"}]}, {"questions": [{"chapter": "../net", "id": "like"}]},
    {"questions": [{"chapter": "net", "id": "like", "right": "yes"}]},
    {"labs": [{"id": "../x", "max_points": 3}]}, {"labs": [{"id": "net-bridge", "max_points": "3"}]},
    {"labs": [{"id": "net-bridge", "max_points": 3, "reached": 1.5}]},
    {"labs": [{"id": "net-bridge", "max_points": 3, "reached": 1, "tasks": 1}]},
    *({"labs": [{"id": "net-bridge", "max_points": 3, "reached": 1, "tasks": [task]}]} for task in BROKEN_TASKS),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_with_anything_else_in_it_is_damaged(change: dict[str, Any]) -> None:
    sound = exam().handed_in(0, 3, (TASK,)).to_json()
    assert Exam.from_json(sound)
    with pytest.raises(ValueError, match=r"."):
        Exam.from_json({**sound, **change})


def test_it_is_kept_and_read_again(tmp_path: Path) -> None:
    exams = Exams(State(tmp_path), "kvm")
    assert exams.running() is None
    kept = exams.keep(exam().answered(0, True).handed_in(0, 3, (TASK,)))
    assert exams.running() == kept
    ended = exams.end(kept)
    assert exams.running() is None
    assert exams.last() == ended
    assert ended.ended


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": "kvmlab.exam/1"}', '{"schema": "kvmlab.exam/1", "began": 3}']
)
def test_a_damaged_record_is_set_aside(tmp_path: Path, text: str) -> None:
    exams = Exams(State(tmp_path), "kvm")
    exams.keep(exam())
    path = tmp_path / "progress/kvm/exam.json"
    path.write_text(text)
    assert exams.running() is None
    assert path.with_name("exam.json.broken-1").exists()


@pytest.fixture
def example(bare_kvmlab: Kvmlab) -> Kvmlab:
    bare_kvmlab.env |= {"KVMLAB_COURSE": str(EXAMPLE), "COLUMNS": "80"}
    return bare_kvmlab


BEGIN = ("exam", "begin", "--labs", "0", "--questions", "2", "--seed", "one")


def test_an_exam_of_questions_goes_on_where_it_stood(example: Kvmlab) -> None:
    first = example(*BEGIN, stdin="a\n")
    assert first.returncode == 0, first.stderr
    assert "The exam waits" in first.stdout
    assert "Right" not in first.stdout  # nothing is told before the end
    again = example("exam", stdin="a\nbridge link\n")
    assert "question 2 of 2" in again.stdout
    assert "question 1 of 2" not in again.stdout
    assert "Exam of" in again.stdout
    report = json.loads(example("exam", "report", "--json").stdout)
    assert report["max_points"] == 2
    assert report["ended"]
    assert [one["right"] for one in report["questions"]] == [one["points"] == 1 for one in report["questions"]]


def test_begin_again_and_go_on_without_one(example: Kvmlab) -> None:
    assert example("exam", "next").returncode == 3
    assert example("exam").returncode == 0
    assert example("exam", "report").returncode == 3
    example(*BEGIN)
    assert example(*BEGIN).returncode == 3
    ended = example("exam", "end")
    assert ended.returncode == 1
    assert "0 of 2 points" in ended.stdout


def test_what_the_course_no_longer_has_ends_only_what_needs_it(example: Kvmlab) -> None:
    exams = Exams(State(example.state.root), "example")
    gone, here = ExamQuestion("gone", "gone"), ExamQuestion("net", "like")
    begun = exam()._replace(questions=(gone, here), labs=(ExamLab("net-gone", 3),))
    exams.keep(begun)
    stuck = example("exam")
    assert (stuck.returncode, "kvmlab exam end" in stuck.stderr) == (3, True)
    exams.keep(begun.answered(0, True))  # what was answered is not needed any more
    assert "question 2 of 2" in example("exam").stdout
    exams.keep(begun.answered(0, True).answered(1, True))
    stuck = example("exam")
    assert (stuck.returncode, "kvmlab exam end" in stuck.stderr) == (3, True)
    assert "2 of 5 points" in example("exam", "end").stdout


def test_without_podman_no_exam_with_labs_begins(example: Kvmlab) -> None:
    refused = example("exam", "begin", "--labs", "1", "--questions", "0", env={"PATH": "/nonexistent"})
    assert (refused.returncode, "podman is not installed" in refused.stderr) == (3, True)
    assert example("exam", "next").returncode == 3  # none is running


@pytest.fixture
def sat(
    bare_kvmlab: Kvmlab, record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Exam], tuple[Context, Exams, Exam]]:
    """An exam whose lab runs, as its record says; its lab host is gone."""
    monkeypatch.setenv("KVMLAB_STATE", str(bare_kvmlab.state.root))
    monkeypatch.setattr("kvmlab.labhost.container.LabHost.condition", lambda _: Condition.GONE)

    def begun(exam: Exam) -> tuple[Context, Exams, Exam]:
        record(variant=exam.variant)
        exams = Exams(bare_kvmlab.state, "example")
        return Context(course=str(EXAMPLE)), exams, exams.keep(exam)

    return begun


def test_a_lab_host_that_is_gone_is_started_again(
    sat: Callable[[Exam], tuple[Context, Exams, Exam]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, _, begun = sat(exam())
    started: list[str | None] = []
    monkeypatch.setattr("kvmlab.setup.lifecycle.start", lambda _, lab, __: started.append(lab.variant))
    assert begin_lab(ctx, begun) == "net-bridge"
    assert started == ["exam-s"]  # where it runs, this changes nothing


@pytest.mark.parametrize(
    ("began", "command"),
    [(now(), "kvmlab exam"), ("2026-01-01T00:00:00Z", "kvmlab exam end")],
    ids=["in-time", "too-late"],
)
def test_a_lab_host_that_is_gone_cannot_be_handed_in(
    sat: Callable[[Exam], tuple[Context, Exams, Exam]], monkeypatch: pytest.MonkeyPatch, began: str, command: str
) -> None:
    ctx, exams, begun = sat(exam()._replace(began=began))
    monkeypatch.setattr("kvmlab.cli.rehearsal.rehearsed_if_it_can_be", lambda *_: (SimpleNamespace(exit_status=3), {}))
    with pytest.raises(CannotRun, match="not handed in yet") as stuck:
        hand_in(ctx, exams, begun)
    assert stuck.value.todo == command
    assert exams.running() == begun


def test_a_lab_host_that_was_stopped_goes_on_with_its_work(
    sat: Callable[[Exam], tuple[Context, Exams, Exam]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, exams, begun = sat(exam())
    resumed: list[str] = []
    monkeypatch.setattr("kvmlab.labhost.container.LabHost.condition", lambda _: Condition.STOPPED)
    monkeypatch.setattr("kvmlab.labhost.record.has_ended", lambda _: True)
    monkeypatch.setattr("kvmlab.setup.resume.resume", lambda place, _: resumed.append(place.lab))
    monkeypatch.setattr("kvmlab.cli.rehearsal.rehearsed_if_it_can_be", lambda *_: (SimpleNamespace(exit_status=3), {}))
    assert is_up(ctx, begun)  # it can be handed in
    assert begin_lab(ctx, begun) == "net-bridge"
    assert resumed == ["net-bridge"]
    with pytest.raises(CannotRun, match="not handed in yet"):
        hand_in(ctx, exams, begun)
    assert resumed == ["net-bridge", "net-bridge"]


def test_no_other_verb_tells_what_the_exam_asks(
    example: Kvmlab, told: Callable[..., tuple[int, str, str]], progress: ProgressStore
) -> None:
    progress.hint_given("net-bridge", "bridge", 2)
    assert "hint 1 of 2" in told("show", "net-bridge")[1]
    Exams(State(example.state.root), "example").keep(exam())
    assert "hint 1 of 2" not in told("show", "net-bridge")[1]
    status, _, error = told("quiz", "net")
    assert (status, "kvmlab exam" in error) == (3, True)


def test_the_page_escapes_what_it_shows(example: Kvmlab, tmp_path: Path) -> None:
    exams = Exams(State(example.state.root), "example")
    exams.end(exams.keep(exam().handed_in(0, 0, ({**TASK, "title": "<script>"},))))
    page = tmp_path / "exam.html"
    assert example("exam", "report", "--html", str(page)).returncode == 1
    assert "&lt;script&gt;" in page.read_text()
    assert "<script" not in page.read_text()


@pytest.mark.parametrize(
    "argv", [["begin", "--seed", "../x"], ["begin", "--labs", "-1"], ["start"], ["begin", "--minutes", "x"],
     ["end", "--json"], ["begin", "--html", "x"]],
)  # fmt: skip
def test_bad_input(example: Kvmlab, argv: list[str]) -> None:
    assert example("exam", *argv).returncode == 2
