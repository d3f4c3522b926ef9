"""Quizzes: what a quiz.md may say, how answers are marked, what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.course.quiz.marks import chosen, mark_choice, mark_live, mark_text
from kvmlab.course.quiz.model import QuestionKind, read_quiz
from kvmlab.course.quiz.progress import Quizzes
from kvmlab.errors import AuthorError
from kvmlab.paths import State

HEAD = '+++\ntitle = "Pools"\n+++\n\n'
ONE = """## Which one? {#one}

Think.

- [x] `virsh pool-create-as`
- [ ] `virsh pool-define-as`

  It is kept,
  you see.

### Explanation

Because.
"""
SEVERAL = """## Which ones? {#several}

- [x] first
- [ ] second

  No.
- [x] third

### Explanation

So.
"""
TEXT = """## What wipes it? {#wipe kind=text}

- [x] `virsh vol-wipe`
- [x] `vol-wipe`
- [ ] `virsh vol-delete`

  That removes it.

### Explanation

So.
"""
LIVE = """## Where is {{ pool }}? {#where kind=live lab=storage-pool}

### Explanation

`virsh pool-dumpxml {{ pool }}`.
"""


def course(tmp_path: Path, english: str, chinese: str = "") -> Path:
    folder = tmp_path / "labs" / "storage"
    folder.mkdir(parents=True)
    (folder / "quiz.md").write_text(HEAD + english)
    if chinese:
        (folder / "quiz.zh.md").write_text(HEAD + chinese)
    return tmp_path


def test_the_four_kinds(tmp_path: Path) -> None:
    quiz = read_quiz(course(tmp_path, ONE + SEVERAL + TEXT + LIVE), "storage")
    assert [one.kind for one in quiz.questions] == [
        QuestionKind.SINGLE,
        QuestionKind.MULTIPLE,
        QuestionKind.TEXT,
        QuestionKind.LIVE,
    ]
    one = quiz.questions[0]
    assert (one.title.text, one.body.text) == ("Which one?", "\nThink.".strip())
    assert one.options[0].text == "`virsh pool-create-as`"
    assert one.options[1].why == "It is kept,\nyou see."
    assert quiz.questions[3].lab == "storage-pool"


def test_letters_follow_the_order_they_were_shown_in() -> None:
    assert chosen("b", (2, 0, 1)) == (0,)
    assert chosen("A, c", (2, 0, 1)) == (1, 2)
    assert chosen("Ａ、ｃ。", (2, 0, 1)) == (1, 2)
    assert chosen("", (0, 1)) is None
    assert chosen("d", (0, 1, 2)) is None


def test_a_choice_is_right_when_all_and_only_the_right_ones_are_picked(tmp_path: Path) -> None:
    one, several = read_quiz(course(tmp_path, ONE + SEVERAL), "storage").questions
    assert mark_choice(one, (0,)).right
    wrong = mark_choice(one, (1,))
    assert not wrong.right
    assert "It is kept" in wrong.whys[0]
    assert mark_choice(several, (0, 2)).right
    assert not mark_choice(several, (0,)).right
    assert not mark_choice(several, (0, 1, 2)).right


def test_a_short_answer(tmp_path: Path) -> None:
    (wipe,) = read_quiz(course(tmp_path, TEXT), "storage").questions
    assert mark_text(wipe, "  VIRSH   vol-wipe. ").right
    assert mark_text(wipe, "virsh vol-delete").whys == ("That removes it.",)
    assert mark_text(wipe, "rm").wanted == "`virsh vol-wipe`"


@pytest.mark.parametrize(
    ("truth", "given", "right"),
    [
        ("virbr0", "`virbr0`", True),
        ("virbr0", "virbr1", False),
        (128, "128 MiB", True),
        (128, "1280", False),
        (128, "128 GiB", False),
        (["vnet0", "vnet1"], "vnet1, vnet0", True),
        (["vnet0", "vnet1"], "vnet1，vnet0", True),
        (["vnet0", "vnet1"], "vnet0", False),
        (True, "yes", True),
        (True, "no", False),
        ([], "vnet0", False),
    ],
)
def test_a_live_answer(truth: object, given: str, right: bool) -> None:
    assert mark_live(truth, given).right is right


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no question"),
        (ONE + ONE, "stands here and on line"),
        (ONE.replace(" {#one}", ""), "ends in its id"),
        (ONE.replace("{#one}", "{#one points=3}"), "points=3"),
        (ONE.replace("[x]", "[ ]"), "one of them right"),
        (ONE.replace("- [ ] `virsh", "- [x] more\n" * 25 + "- [ ] `virsh"), "than there are letters"),
        (ONE.replace("  It is kept,\n  you see.\n", ""), "does not say why"),
        (ONE.replace("### Explanation", "### Hint"), "Explanation"),
        (LIVE.replace(" lab=storage-pool", ""), "live question"),
        (LIVE.replace("### Exp", "- [x] a\n\n### Exp"), "live question"),
        (TEXT.replace("kind=text", "kind=text answer=word"), "there are: words, name"),
        (TEXT.replace("kind=text", "kind=text unit=MiB"), "only a number"),
        (TEXT.replace("kind=text", "kind=text answer=number unit=MiP"), "no unit of size"),
        (TEXT.replace("kind=text", "kind=text answer=number"), "is no number"),
        (TEXT.replace("kind=text", "kind=text answer=path"), "is no path"),
        (TEXT.replace("kind=text", "kind=text answer=option"), "names no option alone"),
        (TEXT.replace("`virsh vol-wipe`", "`[--a=`").replace("kind=text", "kind=text answer=command"), "no synopsis"),
        (TEXT.replace("`virsh vol-wipe`", "`--wipe`"), "say `answer=option`"),
        (TEXT.replace("`virsh vol-wipe`", "`/srv`"), "say `answer=path`"),
        (TEXT.replace("`virsh vol-delete`", "`Virsh vol-wipe.`"), "would be accepted as right"),
        (ONE.replace("{#one}", "{#one answer=path}"), "are for what is typed"),
        (LIVE.replace("lab=", "answer=nothing lab="), "there are: words"),
    ],
)
def test_a_broken_quiz_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AuthorError, match=r"labs/storage/quiz\.md:\d+: ") as caught:
        read_quiz(course(tmp_path, text), "storage")
    assert said in caught.value.message


@pytest.mark.parametrize(
    "chinese",
    [
        SEVERAL + ONE,
        ONE,
        ONE.replace("- [x]", "- [!]") + SEVERAL,
        ONE + SEVERAL.replace("[x] third", "[ ] third\n\n  No."),
    ],
)
def test_both_languages_ask_the_same(tmp_path: Path, chinese: str) -> None:
    with pytest.raises(AuthorError, match=r"labs/storage/quiz\.zh\.md:\d+: "):
        read_quiz(course(tmp_path, ONE + SEVERAL, chinese), "storage", "zh")


def test_answers_are_kept_and_a_broken_record_is_set_aside(tmp_path: Path) -> None:
    quizzes = Quizzes(State(tmp_path), "kvm")
    quizzes.answered("storage", "one", True)
    quizzes.answered("storage", "two", False)
    assert quizzes.chapter("storage").known(["one", "two", "three"]) == 1
    path = tmp_path / "progress/kvm/quizzes/storage.json"
    path.write_text(path.read_text()[:20])
    assert quizzes.chapter("storage").known(["one"]) == 0
    assert path.with_name("storage.json.broken-1").exists()
