"""Checker files: every mistake is named with file and line."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kvmlab import words
from kvmlab.checks import Params
from kvmlab.errors import AuthorError, UsageError
from kvmlab.grading.load import load_checks
from tests.checks.memory import PARAMS, SAMPLE, TASKS, Task, written

ONE = '''
@check(task="a", points=1)
def one(host: Host, lab: Params) -> Findings:
    """One."""
    yield host.link("a").shows(stp=True)
'''


def test_the_sample_is_loaded_in_its_order_and_left_alone() -> None:
    modules, files = set(sys.modules), set(SAMPLE.parent.iterdir())
    loaded = load_checks(SAMPLE)
    assert [check.id for check in loaded.checks] == [
        "bridge-exists", "bridge-has-stp", "uplink-is-a-port", "default-route", "guest-still-runs",
        "nic-is-on-the-bridge", "guest-has-its-address",
    ]  # fmt: skip
    assert [check.id for check in loaded.for_task("uplink")] == ["uplink-is-a-port", "default-route"]
    assert [check.id for check in loaded.checks if check.guard] == ["guest-still-runs"]
    loaded.must_fit(TASKS)
    assert set(sys.modules) - modules <= {"difflib"} and set(SAMPLE.parent.iterdir()) == files


def test_sentences_are_filled_in_and_spoken_in_the_students_language() -> None:
    first = load_checks(SAMPLE).checks[0]
    assert first.text(Params(PARAMS)) == "The host has a bridge `br0`."
    words.set_language("zh")
    assert first.text(Params(PARAMS)) == "宿主机上有网桥 `br0`。"


def test_a_syntax_error_is_named_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"checker\.py:4: "):
        written(tmp_path, "\n\ndef broken(:\n    pass\n")
    (tmp_path / "null.py").write_bytes(b"x = 1\0")
    with pytest.raises(UsageError, match=r"null\.py"):
        load_checks(tmp_path / "null.py")
    with pytest.raises(UsageError, match=r"none\.py: the checker cannot be read"):
        load_checks(tmp_path / "none.py")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("\nundefined_name\n", r"checker\.py:3: NameError: "),
        ("import sys\nsys.exit(0)\n", r"checker\.py:3: SystemExit"),
        ("x = 1\n", r"checker\.py: there is no check in this file"),
        ('@check(task="a")\ndef one(host, lab):\n    yield\n', r"checker\.py:2: the check one has no docstring"),
        ('@check(task="a", points=0)\ndef one(host, lab):\n    """A."""\n    yield\n', r"checker\.py:2: .* no points"),
        (ONE + ONE, r"checker\.py:8: a second check one; the first is at .*checker\.py:3"),
        (ONE + ONE.replace('"a", points=1', '"a", id="two", needs=[two]'), r"checker\.py:8: NameError"),
        ('matches("(", "(")\n' + ONE, r"checker\.py:2: (error|PatternError): "),
        ("check(1)\n", r"checker\.py:2: TypeError"),
    ],
)
def test_every_mistake_is_named_with_file_and_line(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(AuthorError, match=said):
        written(tmp_path, body)


def test_a_need_of_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other", ONE)
    body = ONE.replace("points=1", 'id="two", needs=[OTHER]')
    with pytest.raises(AuthorError, match="needs one, which is not a check of this file"):
        import builtins

        builtins.OTHER = other.checks[0]  # type: ignore[attr-defined]
        try:
            written(tmp_path, body)
        finally:
            del builtins.OTHER  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ((Task("b"),), r"the lab has no task a$"),
        ((Task("a", 2),), r"checks of task a are worth 1 points, lab\.md says 2"),
        ((Task("a"), Task("b")), r"checks of task b are worth 0 points, lab\.md says 1"),
        ((Task("a"), Task("b", 0)), r"checks of task b are worth 0 points, lab\.md says 0"),
    ],
)
def test_checker_and_text_must_agree(tmp_path: Path, tasks: tuple[Task, ...], said: str) -> None:
    with pytest.raises(AuthorError, match=said):
        written(tmp_path, ONE).must_fit(tasks)


def test_a_misspelt_task_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match=r"checker\.py:3: the lab has no task uplnik; did you mean `uplink`"):
        written(tmp_path, ONE.replace('"a"', '"uplnik"')).must_fit((Task("uplink"),))


def test_a_file_that_several_threads_load_at_once_is_whole_in_each(tmp_path: Path) -> None:
    """As `prove` does: what one thread collects is not another's."""
    path = tmp_path / "slow.py"
    path.write_text(
        "import time\nfrom kvmlab.checks import Findings, Host, Params, check\n"
        + "".join(
            f'\n@check(task="a", zh="x")\ndef c{n}(host: Host, lab: Params) -> Findings:\n    """C."""\n'
            '    yield host.link("lo").shows(up=True)\ntime.sleep(0.02)\n'
            for n in range(5)
        )
    )
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: len(load_checks(path).checks), range(8)))
    assert counts == [5] * 8
