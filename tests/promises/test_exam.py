"""A whole exam on a real lab host, killed on its way; and a question whose answer only the host knows."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.conftest import Kvmlab

LAB = "try-trouble"
pytestmark = pytest.mark.guest


@pytest.fixture
def course(kvmlab: Kvmlab) -> Kvmlab:
    kvmlab.env["KVMLAB_COURSE"] = str(Path(__file__).parent / "course")
    return kvmlab


def test_an_exam_that_is_killed_goes_on_and_tells_what_was_found(course: Kvmlab, tmp_path: Path) -> None:
    killed = course("exam", "begin", "--labs", "2", "--questions", "0", "--seed", "s", die_at="start.container")
    assert killed.returncode == -signal.SIGKILL
    assert course("exam").returncode == 0
    assert course("hint", LAB).returncode == 3
    assert course("check", LAB, "host").returncode == 3
    assert course("exec", LAB, "--", "ssh", "web1", "hostname", "other").returncode == 0
    handed_in = course("exam", "next")
    assert handed_in.returncode == 0, handed_in.stdout + handed_in.stderr
    assert "3 of 4 points" in handed_in.stdout
    assert course.containers() == []
    page = tmp_path / "exam.html"
    report = json.loads(course("exam", "report", "--json", "--html", str(page)).stdout)
    assert [task["verdict"] for task in report["labs"][0]["tasks"]] == ["passed", "passed", "failed"]
    assert "other, wanted web1" in page.read_text()


def test_a_practice_run_is_never_taken_for_the_exam(course: Kvmlab) -> None:
    assert course("start", LAB).returncode == 0
    begun = course("exam", "begin", "--labs", "1", "--questions", "0", "--seed", "s")
    assert begun.returncode == 3
    assert f"kvmlab finish {LAB}" in begun.stderr
    assert course("exam", "end").returncode == 1
    assert len(course.containers()) == 1  # the practice run is still there


def test_a_live_question_is_answered_from_the_host(course: Kvmlab) -> None:
    assert course("start", LAB).returncode == 0
    first = course("quiz", "try", "--seed", "1").stdout
    assert "the guest at web1" in first or "virbr0" in first  # the live one is a template over the lab's parameters
    wrong = "virbr0\nweb10\n" if "virbr0" in first else "web10\nvirbr0\n"
    done = course("quiz", "try", "--seed", "1", stdin=wrong)
    assert "1 of 2 right." in done.stdout, done.stdout + done.stderr
    assert "ssh web1 hostname" in done.stdout
    assert course("quiz", "try", "--questions", "1", stdin="WEB1\n").returncode == 0  # asked again, as it is not known
