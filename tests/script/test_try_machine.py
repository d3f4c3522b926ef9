"""script/try-machine takes hours and is not run here; what it says of its own results needs no machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "script/try-machine"


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), *argv], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def stages() -> list[list[str]]:
    source = f'. "{SCRIPT}.d/stages"; stages'
    told = subprocess.run(["sh", "-euc", source], capture_output=True, text=True, check=True).stdout
    return [line.split("|", 2) for line in told.splitlines()]


def commit() -> str:
    argv = ["git", "-C", str(SCRIPT.parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_each_stage_has_a_name_of_its_own_a_status_and_a_command_that_a_shell_can_read() -> None:
    names = [name for name, _, _ in stages()]
    assert len(set(names)) == len(names) > 15
    for name, status, command in stages():
        assert status in ("0", "1"), name
        assert subprocess.run(["sh", "-nc", command]).returncode == 0, name


def test_the_table_says_how_each_stage_ended(tmp_path: Path) -> None:
    results = tmp_path / "results" / commit()
    results.mkdir(parents=True)
    (results / "setup").write_text("0|12\n")
    (results / "doctor").write_text("3|375\n")
    (results / "bridge-check").write_text("1|8\n")
    told = run("--table", "--dir", str(tmp_path))
    assert told.returncode == 0, told.stderr
    rows = {line.split()[0]: " ".join(line.split()[1:5]) for line in told.stdout.splitlines()}
    assert rows["setup"].startswith("as wanted 12 ")
    assert rows["doctor"] == "3, not 0 375"
    assert rows["bridge-check"].startswith("as wanted 8 ")
    assert rows["demo"].startswith("- - ")


@pytest.mark.parametrize(("argv", "status", "told"), [
    (["--wheels"], 2, "--only STAGE"),
    (["--only", "brige-start"], 3, "There is no stage brige-start."),
])  # fmt: skip
def test_what_it_does_not_know_it_refuses(argv: list[str], status: int, told: str) -> None:
    done = run(*argv)
    assert done.returncode == status
    assert told in done.stderr
