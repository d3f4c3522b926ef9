"""What the verbs print: within the terminal, in both languages, with and without colour."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course
from kvmlab.report.cells import cells
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE, Ask

LAB = Course.load(EXAMPLE).lab("net-bridge")
SGR = re.compile(r"\x1b\[[0-9;]*m")


SCREENS = [("list",), ("show", "net-bridge"), ("hint", "net-bridge"), ("status",), ()]


@pytest.mark.parametrize("argv", SCREENS)
@pytest.mark.parametrize("columns", [60, 80, 100, 123, 124, 160, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_the_terminal(
    ask: Ask, record: Callable[..., Path], argv: tuple[str, ...], columns: int, lang: str
) -> None:
    record()
    for color in ("never", "always"):
        out = ask("--lang", lang, "--color", color, *argv, columns=columns)
        assert ("\x1b[" in out) is (color == "always")
        for line in SGR.sub("", out).split("\n"):
            assert cells(line) <= columns, line
            assert line == line.rstrip(" ")
            assert line.isprintable()


@pytest.mark.parametrize("argv", SCREENS)
def test_every_word_of_ours_has_its_chinese(ask: Ask, record: Callable[..., Path], argv: tuple[str, ...]) -> None:
    record("net-bridge", lang="zh")
    out = ask("--lang", "zh", *argv)
    out = re.sub(r"kvmlab [a-z-]+( LAB| net-bridge)?( [a-z]+)?|`[^`]+`|  (ip|#).*", "", out)
    words = set(re.findall(r"[A-Za-z]{3,}", out))
    assert words <= {"net", "bridge", "disk", "attach", "uplink", "kvmlab", "STP", "web", "ens", "second", "brctl"}


def test_no_color_and_dumb_terminals(bare_kvmlab: Kvmlab) -> None:
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[" not in bare_kvmlab("--course", str(EXAMPLE), "list", env=env).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_space_for_the_output_is_no_bug_of_ours(bare_kvmlab: Kvmlab) -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "kvmlab", "--course", str(EXAMPLE), "list"],
            env=bare_kvmlab.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 3
    assert process.stderr == "kvmlab: No space is left: No space left on device.\n  → df -h\n"
