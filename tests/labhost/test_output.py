"""What a process prints is read whole, to an end, while it is given what it takes."""

from __future__ import annotations

import signal
import subprocess

import pytest

from kvmlab.errors import CannotRun
from kvmlab.labhost.output import end_of_output, printed, start

LONG = "0123456789abcdef\n" * 40_000


@pytest.mark.parametrize(
    ("script", "given", "out", "err"),
    [
        ("cat", LONG, LONG, ""),
        ("cat >&2; echo last", LONG, "last\n", LONG),
        ("head -c 4", LONG, "0123", ""),
        ("exec <&-; echo taken", LONG, "taken\n", ""),
        ("exec >&- 2>&-; cat; exit 3", LONG, "", ""),
        ("exec >&- 2>&- <&-; sleep 0.3; exit 3", "", "", ""),
        (r"printf 'a\377\r\n'", "", "a\N{REPLACEMENT CHARACTER}\r\n", ""),
    ],
    ids=["much both ways", "on both", "leaves some", "takes none", "prints none", "closes all", "not text"],
)
def test_it_is_given_and_read_to_its_end(script: str, given: str, out: str, err: str) -> None:
    process = start(["sh", "-c", script])
    assert printed(process, stdin=given) == (out, err)
    assert process.returncode == (3 if "exit 3" in script else 0)


def test_what_prints_without_end_is_ended() -> None:
    process = start(["sh", "-c", "exec yes"])
    with pytest.raises(CannotRun, match="printed more than 1 MiB"):
        printed(process, most=1 << 20)
    assert process.returncode == -signal.SIGKILL


def test_one_that_closes_its_output_and_hangs_is_ended() -> None:
    process = start(["sh", "-c", "echo begun; exec sleep 600 >&- 2>&-"])
    with pytest.raises(subprocess.TimeoutExpired) as late:
        printed(process, silent_s=0.5)
    assert (process.returncode, str(late.value.stdout)) == (-signal.SIGKILL, "begun\n")


def test_of_a_long_output_the_end_is_kept() -> None:
    assert end_of_output(["sh", "-c", "cat; echo end; exit 5"], stdin=LONG, silent_s=60, most=8) == (5, "def\nend\n")
