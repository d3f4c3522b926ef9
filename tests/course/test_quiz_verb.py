"""`kvmlab quiz` and `kvmlab read`, as they are typed."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

SEED = ("--seed", "3")


@pytest.fixture
def example(bare_kvmlab: Kvmlab) -> Kvmlab:
    bare_kvmlab.env |= {"KVMLAB_COURSE": str(EXAMPLE), "COLUMNS": "80"}
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
