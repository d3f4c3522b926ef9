"""`kvmlab quiz` and `kvmlab read`, as they are typed."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.cli.exam.prompt import PreparedQuestion, answer_to
from kvmlab.cli.pager import put_out
from kvmlab.course.quiz.marks import Marked
from kvmlab.course.quiz.model import read_quiz
from kvmlab.report.cells import cells
from kvmlab.report.plain import TextPage
from tests.conftest import REPOSITORY, Kvmlab, give_compiled
from tests.course.conftest import EXAMPLE

SEED = ("--seed", "3")


@pytest.fixture
def example(bare_kvmlab: Kvmlab) -> Kvmlab:
    bare_kvmlab.env |= {"KVMLAB_COURSE": str(EXAMPLE), "COLUMNS": "80"}
    give_compiled(EXAMPLE, bare_kvmlab.state)
    return bare_kvmlab


def test_a_round_with_everything_right(example: Kvmlab) -> None:
    done = example("quiz", "net", *SEED, stdin="bridge link\nc\nb c\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 right." in done.stdout
    assert "3 of 4 questions of this chapter are known" in done.stdout
    assert "kvmlab start net-bridge" in done.stdout  # the live question waits for it


def test_a_wrong_answer_explains_itself_and_is_asked_again(example: Kvmlab) -> None:
    done = example("quiz", "net", *SEED, stdin="ip route\nb\nbc\n")
    assert done.returncode == 1
    assert "Routes are about IP" in done.stdout
    assert "A router forwards by IP addresses" in done.stdout
    kept = json.loads((example.state.root / "progress/example/quizzes/net.json").read_text())
    assert kept["answers"] == {"ports": False, "like": False, "make": True}
    again = example("quiz", "net", "--questions", "2", stdin="")
    assert "Which of these make" not in again.stdout


def test_an_answer_that_cannot_be_one_is_asked_for_again(example: Kvmlab) -> None:
    done = example("quiz", "net", *SEED, stdin="bridge link\nz\nab\n\nc\nb c\n")
    assert done.returncode == 0
    assert done.stdout.count("Answer with one letter from a to c.") == 3


def test_what_was_answered_stays_when_the_input_ends(example: Kvmlab) -> None:
    done = example("quiz", "net", *SEED, stdin="bridge link\n")
    assert done.returncode == 1
    assert "1 of 1 right." in done.stdout
    assert "1/4" in example("quiz").stdout


@pytest.mark.parametrize("stdin", [b"\xd6\xd0\xff\n", b"\x00\n"])
def test_an_answer_that_is_no_text_is_a_wrong_answer(example: Kvmlab, stdin: bytes) -> None:
    argv = [sys.executable, "-m", "kvmlab", "quiz", "net", *SEED]
    env = example.environ(env={"PYTHONIOENCODING": "utf-8"})
    done = subprocess.run(argv, env=env, input=stdin, capture_output=True)
    assert done.returncode == 1, done.stderr
    assert "0 of 1 right." in done.stdout.decode()
    assert done.stderr == b""


def test_a_seed_may_be_any_text(example: Kvmlab) -> None:
    assert example("quiz", "net", "--seed", "\udcff").returncode == 1


def test_ctrl_c_at_a_question_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    question = read_quiz(EXAMPLE, "net").questions[0]
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        answer_to(TextPage(color=False, stream=stream), PreparedQuestion.drawn(question, random.Random(1)))
    assert stream.getvalue() == "\n"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_overview_fits_the_terminal(bare_kvmlab: Kvmlab, lang: str) -> None:
    done = bare_kvmlab("--lang", lang, "quiz", env={"COLUMNS": "60"})
    assert max(map(cells, done.stdout.splitlines())) <= 60


def test_a_lab_that_was_finished_meanwhile_leaves_its_question_out(
    told: Callable[..., tuple[int, str, str]], record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record()

    def answered(_page: TextPage, asked: PreparedQuestion) -> Marked:
        path.unlink(missing_ok=True)
        return Marked(True, (), "")

    monkeypatch.setattr("kvmlab.cli.exam.prompt.answer_to", answered)
    status, out, _ = told("quiz", "net", "--seed", "2")
    assert (status, "3 of 3 right." in out) == (0, True)
    assert "A question about net-bridge is left out: net-bridge has not been started." in out


def test_in_chinese(example: Kvmlab) -> None:
    done = example("--lang", "zh", "quiz", "net", *SEED, stdin="bridge link\nc\nbc\n")
    assert done.returncode == 0
    assert "3 题答对 3 题" in done.stdout
    assert "交换机" in done.stdout


@pytest.mark.parametrize("verb", ["quiz", "read"])
@pytest.mark.parametrize("name", ["nett", "../../etc", "a\nb", "x" * 300])
def test_an_unknown_chapter_is_bad_input(example: Kvmlab, verb: str, name: str) -> None:
    done = example(verb, name)
    assert done.returncode == 2
    assert "kvmlab" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_book_is_read_chapter_by_chapter(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("read", "network")
    assert done.returncode == 0
    assert "network-bridge" in done.stdout
    assert "Storage" not in done.stdout.splitlines()
    both = bare_kvmlab("read")
    assert {"Storage", "Networks"} <= set(both.stdout.splitlines())
    assert "实验：network-bridge" in bare_kvmlab("--lang", "zh", "read", "network").stdout


@pytest.mark.parametrize("columns", ["40", "80", "100"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_table_of_the_book_loses_text(bare_kvmlab: Kvmlab, lang: str, columns: str) -> None:
    """rich ends a cell that it has cut off in an ellipsis; the book's own ones all stand there."""
    book = (REPOSITORY / ("course.md" if lang == "en" else "course.zh.md")).read_text()
    shown = bare_kvmlab("--lang", lang, "read", env={"COLUMNS": columns}).stdout
    assert shown.count("…") == re.sub(r"(?s)\A\+\+\+.*?\n\+\+\+", "", book).count("…")


@pytest.mark.parametrize("pager", ["sh -c 'kill -INT $PPID; sleep 0.3; cat'", "cat", "'", "/nonexistent/pager"])
def test_the_pager_ends_when_it_wants_to(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], pager: str
) -> None:
    """Ctrl-C is a key of less(1), and must not leave the terminal to two readers."""
    monkeypatch.setenv("PAGER", pager)
    monkeypatch.setenv("LESS", "-FX")
    put_out("a page\n", paged=True)
    sys.stdout.flush()
    assert "a page\n" in capfd.readouterr().out


def test_nothing_of_a_course_moves_the_cursor(copy: Path, told: Callable[..., tuple[int, str, str]]) -> None:
    hostile = "\n\nhere \x1b]0;owned\x07 \x1b[2J \u202e there\n\n```bash\nls \x1b[8m\n```\n"
    for name in ("course.md", "labs/net/bridge/lab.md", "labs/net/quiz.md"):
        path = copy / name
        title = 'title = "\\u001b[2J\\u202e'
        path.write_text(path.read_text().replace('title = "', title) + hostile)
    for argv in (["read"], ["show", "net-bridge"], ["quiz", "net"], ["lint"]):
        _, out, error = told(*argv, course=copy)
        assert not set(out + error) & {"\x1b", "\x07", "\u202e"}, argv
    assert "here" in told("read", course=copy)[1]
