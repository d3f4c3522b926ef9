"""Every typed question of the course, answered in the ways people do: rightly and wrongly, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.course.quiz.answers import KINDS, PLAIN, Answer
from kvmlab.course.quiz.marks import mark_live, mark_text, misfit
from kvmlab.course.quiz.model import Question, QuestionKind, read_quiz

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))
LANGUAGES = ("en", "zh")
CHAPTERS = sorted(path.parent.name for path in (ROOT / "labs").glob("*/quiz.md"))
FEWEST = 10


QUIZZES = {lang: {chapter: read_quiz(ROOT, chapter, lang) for chapter in CHAPTERS} for lang in LANGUAGES}


def questions(kind: QuestionKind, lang: str) -> dict[tuple[str, str], Question]:
    """The course's questions of a kind, by chapter and id."""
    return {
        (chapter, one.id): one for chapter, quiz in QUIZZES[lang].items() for one in quiz.questions if one.kind is kind
    }


TYPED = {lang: questions(QuestionKind.TEXT, lang) for lang in LANGUAGES}
LIVE = {lang: questions(QuestionKind.LIVE, lang) for lang in LANGUAGES}


def ways() -> Iterator[object]:
    """Each way of the table, in each language."""
    for chapter, of_chapter in TABLE.items():
        for question, both in of_chapter.items():
            for lang in LANGUAGES:
                for right in (True, False):
                    for given in both["right" if right else "wrong"]:
                        name = f"{lang}-{chapter}-{question}-{given}"
                        yield pytest.param(lang, (chapter, question), given, right, id=name)


@pytest.mark.parametrize(("lang", "question", "given", "right"), ways())
def test_a_way_to_answer(lang: str, question: tuple[str, str], given: str, right: bool) -> None:
    marked = mark_text(TYPED[lang][question], given)
    assert marked.right is right
    assert not (marked.right and marked.whys)


def test_no_typed_question_is_missing() -> None:
    asked = {(chapter, one) for chapter, of_chapter in TABLE.items() for one in of_chapter}
    assert asked == TYPED["en"].keys() == TYPED["zh"].keys()


@pytest.mark.parametrize(("chapter", "question"), sorted(TYPED["en"]))
def test_each_question_is_tried_often_enough(chapter: str, question: str) -> None:
    both = TABLE[chapter][question]
    assert len(set(both["right"])) >= FEWEST
    assert len(set(both["wrong"])) >= FEWEST


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_right_by_its_own_quiz_passes_and_each_wrong_one_says_why(lang: str) -> None:
    for question in TYPED[lang].values():
        assert mark_text(question, mark_text(question, "?").wanted).right, question.id
        for option in question.options:
            if not option.right:
                assert mark_text(question, option.text).whys == (option.why,), (question.id, option.text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_typed_question_says_what_its_answer_is(lang: str) -> None:
    for asked in (TYPED, LIVE):
        for (chapter, _), question in asked[lang].items():
            path = ROOT / "labs" / chapter / ("quiz.md" if lang == "en" else "quiz.zh.md")
            heading = next(line for line in path.read_text().split("\n") if f"{{#{question.id} " in line)
            assert "answer=" in heading


TRUTHS = tomllib.loads(Path(__file__).with_name("live_answers.toml").read_text(encoding="utf-8"))
DECLARED = {
    "number MiB": Answer("number", "MiB"),
    "number bytes": Answer("number", "bytes"),
    "names": Answer("name"),
    "name": Answer("name", labels=("machine",)),
    "uuid": Answer("uuid", labels=("uuid",)),
}


@pytest.mark.parametrize(
    ("kind", "given", "right"),
    [
        pytest.param(kind, given, right, id=f"{kind}-{given}-{right}")
        for kind, one in TRUTHS.items()
        for right in (True, False)
        for given in one["right" if right else "wrong"]
    ],
)
def test_a_way_to_answer_from_a_lab_host(kind: str, given: str, right: bool) -> None:
    assert mark_live(TRUTHS[kind]["truth"], given, DECLARED.get(kind, Answer(kind))).right is right


def test_each_kind_is_tried_often_enough() -> None:
    typed = {TYPED["en"][chapter, one].answer.kind for chapter, of_chapter in TABLE.items() for one in of_chapter}
    assert typed | {DECLARED.get(kind, Answer(kind)).kind for kind in TRUTHS} == KINDS.keys()
    assert all(len(set(one[side])) >= FEWEST for one in TRUTHS.values() for side in ("right", "wrong"))


@pytest.mark.parametrize(
    ("truth", "given", "answer", "right"),
    [
        ("qemu", "type='qemu'", LIVE["en"]["start", "type"].answer, True),
        ("qemu", "kvm", LIVE["en"]["start", "type"].answer, False),
        (1234, "pid 1234", LIVE["en"]["install", "pid"].answer, True),
        (1234, "进程号 1234", LIVE["zh"]["install", "pid"].answer, True),
        (1234, "port 1234", LIVE["en"]["install", "pid"].answer, False),
        (3, "3 volumes", LIVE["en"]["storage", "volumes"].answer, True),
        (3, "3 个存储卷", LIVE["zh"]["storage", "volumes"].answer, True),
        ("/srv/attic2", "/srv/attic2/", LIVE["en"]["storage", "kept-path"].answer, True),
        ("CPU 0/TCG", "cpu 0/tcg", LIVE["en"]["principles", "thread"].answer, True),
        (["vnet0"], "vnet0", PLAIN, True),
        (127.996, "128", Answer("number", "MiB"), True),
        (127.996, "129", Answer("number", "MiB"), False),
    ],
)
def test_the_words_of_a_question_may_stand_around_its_answer(
    truth: object, given: str, answer: Answer, right: bool
) -> None:
    assert mark_live(truth, given, answer).right is right


def test_a_right_number_in_another_unit_hears_so() -> None:
    assert "MiB" in mark_live(512, "512 GiB", Answer("number", "MiB")).whys[0]
    assert mark_live(512, "513 GiB", Answer("number", "MiB")).whys == ()


@pytest.mark.parametrize(
    ("answer", "truth", "fits"),
    [
        (Answer("number"), 3, True),
        (Answer("number"), "three", False),
        (Answer("name"), 3, False),
        (Answer("name"), ["web1", "db1"], True),
        (Answer("path"), "/srv/x", True),
        (Answer("path"), "two words", False),
        (PLAIN, 3, True),
        (PLAIN, "QEMU Virtual CPU", True),
    ],
)
def test_prove_sees_an_answer_of_another_kind(answer: Answer, truth: object, fits: bool) -> None:
    assert (misfit(answer, truth) == "") is fits
