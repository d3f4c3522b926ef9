"""Completion: the candidates, nothing ever said aloud, and the bash script in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(bare_kvmlab: Kvmlab) -> Complete:
    """The candidates for the last word, without their descriptions."""

    def run(*words: str, shell: str = "fish", env: dict[str, str] | None = None) -> list[str]:
        done = bare_kvmlab("_complete", shell, *words, env={"KVMLAB_COURSE": str(EXAMPLE), **(env or {})})
        assert (done.returncode, done.stderr) == (0, "")
        return [line.partition("\t")[0] for line in done.stdout.splitlines()]

    return run


def test_verbs(complete: Complete) -> None:
    assert complete("sh") == ["show", "shell"]
    assert {"list", "check", "completion"} <= set(complete(""))
    assert not any(name.startswith("_") for name in complete(""))
    assert complete("nonsense", "") == []


def test_labs_and_tasks(complete: Complete) -> None:
    assert complete("show", "") == ["net-bridge", "disk-attach"]
    assert complete("show", "net") == ["net-bridge"]
    assert complete("check", "net-bridge", "") == ["bridge", "uplink"]
    assert complete("check", "net-bridge", "bridge", "") == ["uplink"]
    assert complete("check", "nonsense", "") == []
    assert complete("hint", "net-bridge", "bridge", "") == []


def test_options_and_their_values(complete: Complete) -> None:
    assert complete("list", "--j") == ["--json"]
    assert complete("--la") == ["--lang"]
    assert complete("--lang", "") == ["en", "zh"]
    assert complete("--lang=") == ["--lang=en", "--lang=zh"]
    assert complete("--lang", "=", "z", shell="bash") == ["zh"]
    assert complete("--lang", "=", shell="bash") == ["en", "zh"]
    assert complete("--lang", "zh", "sho") == ["show"]
    assert complete("list", "--json", "--j") == []
    assert complete("--course", "") == [":dirs"]
    assert complete("check", "net-bridge", "--junit", "") == [":files"]
    assert complete("completion", "") == ["bash", "zsh", "fish"]


def test_guests(complete: Complete) -> None:
    assert complete("exec", "net-bridge", "--guest", "") == ["web1"]


def test_verbs_for_what_runs_offer_that(complete: Complete, bare_kvmlab: Kvmlab) -> None:
    folder = bare_kvmlab.state.labs / "example"
    folder.mkdir()
    (folder / "disk-attach.json").write_text("{", encoding="utf-8")
    assert complete("shell", "") == ["disk-attach"]
    assert complete("start", "") == ["net-bridge", "disk-attach"]


def test_descriptions_are_in_the_user_s_language(bare_kvmlab: Kvmlab) -> None:
    env = {"KVMLAB_COURSE": str(EXAMPLE), "LC_ALL": "zh_CN.UTF-8"}
    assert bare_kvmlab("_complete", "zsh", "show", "n", env=env).stdout == "net-bridge\t接入局域网的网桥\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bash"],
        ["tcsh", "sh"],
        ["bash", "; rm -rf /"],
        ["bash", "a\nb"],
        ["bash", "check", "../../etc", ""],
        ["bash", "x" * 300],
        ["bash", "--course", "/nonexistent", "show", ""],
        ["bash", "--variant", "../x", "exec", "net-bridge", "--guest", ""],
        ["bash", *["--lang"] * 300],
    ],
)
def test_nothing_goes_wrong_aloud(complete: Complete, words: list[str], bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("_complete", *words, env={"KVMLAB_COURSE": str(EXAMPLE)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell_that_it_can_read(bare_kvmlab: Kvmlab, shell: str) -> None:
    done = bare_kvmlab("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == bare_kvmlab("completion", env={"SHELL": f"/usr/bin/{shell}"}).stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize("argv", [["completion", "tcsh"], ["completion"]])
def test_another_shell(bare_kvmlab: Kvmlab, argv: list[str]) -> None:
    done = bare_kvmlab(*argv, env={"SHELL": "/bin/tcsh"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "→ kvmlab completion" in done.stderr


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A `kvmlab` on the PATH."""
    path = tmp_path / "bin" / "kvmlab"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kvmlab "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["kvmlab", "sho"], ["show"]),
        (["kvmlab", "check", "net-bridge", ""], ["bridge", "uplink"]),
        (["kvmlab", "--lang", "=", "z"], ["zh"]),
        (["kvmlab", "show", "; touch /tmp/x"], []),
    ],
)
def test_bash_completes(bare_kvmlab: Kvmlab, command: Path, words: list[str], found: list[str]) -> None:
    script = """
        eval "$(kvmlab completion bash)"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _kvmlab kvmlab "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    env = bare_kvmlab.environ(env={"KVMLAB_COURSE": str(EXAMPLE)})
    env["PATH"] = f"{command.parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", script, "bash", *words], env=env, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (found, "")
