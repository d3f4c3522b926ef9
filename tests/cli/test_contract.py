"""The command line's contract: exit statuses, sentences with a command, bad input, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY, Kvmlab, our_course

HOSTILE = ["../../etc", "; rm -rf /", "a\nb", "x" * 300, "<domain/>", "$(id)", "-", "", "网络"]
LAB_VERBS = ["show", "start", "check", "hint", "solve", "reset", "finish", "shell"]


@pytest.mark.parametrize("verb", LAB_VERBS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_lab_name_is_bad_input(told: Callable[..., tuple[int, str, str]], verb: str, name: str) -> None:
    status, out, error = told(verb, "--", name, course=REPOSITORY)
    assert status == 2, error
    assert error.startswith("kvmlab: ")
    assert "Traceback" not in error
    assert out == ""
    assert max(map(len, error.splitlines())) < 250


@pytest.mark.parametrize("verb", ["check", "solve", "shell", "exec"])
def test_a_lab_that_was_not_started_says_how_to_start_it(bare_kvmlab: Kvmlab, verb: str) -> None:
    done = bare_kvmlab(verb, "network-bridge", *(["--", "true"] if verb == "exec" else []))
    assert done.returncode == 3
    assert done.stderr == "kvmlab: network-bridge has not been started.\n  → kvmlab start network-bridge\n"


def test_an_unknown_lab_names_the_one_probably_meant(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("check", "network-brige")
    assert done.returncode == 2
    assert "Did you mean `network-bridge`?" in done.stderr


def test_the_same_in_chinese(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("--lang", "zh", "check", "network-bridge")
    assert done.stderr == "kvmlab: network-bridge 还没有启动。\n  → kvmlab start network-bridge\n"
    assert bare_kvmlab("check", "network-bridge", env={"LC_ALL": "zh_CN.UTF-8"}).stderr == done.stderr


@pytest.mark.parametrize(
    "argv", [["nonsense"], ["list", "--nonsense"], ["--color", "pink", "list"], ["check"], ["--lang", "fr", "list"]]
)
def test_wrong_use_is_2_with_a_command(bare_kvmlab: Kvmlab, argv: list[str]) -> None:
    done = bare_kvmlab(*argv)
    assert done.returncode == 2, done
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_podman_it_says_what_to_install(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("start", "network-bridge", env={"PATH": "/nonexistent"})
    assert done.returncode == 3
    assert "podman is not installed" in done.stderr
    assert "apt install" in done.stderr


def test_a_state_directory_that_cannot_be_made(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("start", "network-bridge", env={"KVMLAB_STATE": "/proc/none"})
    assert done.returncode == 3
    assert "/proc/none" in done.stderr


def test_no_course_where_one_is_named(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("--course", "/nonexistent", "list")
    assert done.returncode == 2
    assert "is not a course" in done.stderr


def test_finishing_what_does_not_run_is_done(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("finish", "network-bridge")
    assert (done.returncode, done.stdout) == (0, "")
    assert "was not running" in done.stderr


def test_a_state_file_cut_in_half(bare_kvmlab: Kvmlab) -> None:
    from kvmlab.labhost.record import record_path

    path = record_path(bare_kvmlab.state, our_course().tag, "network-bridge")
    path.write_text('{"lab": "network-bri')
    assert bare_kvmlab("check", "network-bridge").returncode == 3
    assert bare_kvmlab("status").returncode == 0
    assert bare_kvmlab("finish", "network-bridge").returncode == 0
    assert not path.exists()


def test_json_is_one_document_and_nothing_else(bare_kvmlab: Kvmlab) -> None:
    for verb in ("list", "status", "doctor"):
        done = bare_kvmlab(verb, "--json")
        assert json.loads(done.stdout), verb


def test_a_closed_pipe_is_no_traceback(bare_kvmlab: Kvmlab) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kvmlab", "list"],
        env=bare_kvmlab.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.wait()


def test_a_state_directory_that_belongs_to_another(bare_kvmlab: Kvmlab) -> None:
    """Root may write anywhere but on a read-only file system; /proc/sys refuses everybody."""
    done = bare_kvmlab("finish", "network-bridge", env={"KVMLAB_STATE": "/proc/sys/kernel"})
    assert done.returncode == 3, done.stderr
    assert "/proc/sys/kernel" in done.stderr
    assert "→" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_is_no_bug(bare_kvmlab: Kvmlab, closed: str) -> None:
    command = f"{sys.executable} -m kvmlab quiz network {closed}"
    done = subprocess.run(["sh", "-c", command], env=bare_kvmlab.environ(), capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # the input ended: nothing was answered
    assert done.stderr == ""


@pytest.mark.parametrize("argv", [["--lang", "zh", "quiz", "network"], ["show", "network-bridge"], ["read"]])
def test_what_the_locale_cannot_write_is_replaced(bare_kvmlab: Kvmlab, argv: list[str]) -> None:
    done = bare_kvmlab(*argv, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode != 70, done.stderr
    assert done.stdout.isascii()


def test_no_control_character_of_what_was_typed_is_printed(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("list", "\x1b[2Jx\x07")
    assert done.returncode == 2
    assert not set(done.stderr) & {"\x1b", "\x07"}
