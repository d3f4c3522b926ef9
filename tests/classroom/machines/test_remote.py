"""Students at computers of their own: each a grade or a row that says why, in time; and no child is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.children import ChildOutput
from kvmlab.classroom.folder import Class
from kvmlab.classroom.machines.remote import MOST_ANSWER, read_answer
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.main import main
from kvmlab.course import Course
from kvmlab.grading.evidence import Recording
from kvmlab.grading.runner import run as grade
from kvmlab.observe.grade import checks_of
from kvmlab.slowness import slowness
from tests.checks.memory import Memory
from tests.classroom.conftest import LAB, Told
from tests.classroom.machines.computers import Computers, children, until
from tests.classroom.samples import evidence
from tests.classroom.test_grades import CHECKER
from tests.course.conftest import EXAMPLE

COMPUTERS = int(os.environ.get("KVMLAB_TEST_COMPUTERS", 24))
"""KVMLAB_TEST_COMPUTERS=100: ninety that are well, and ten that hang."""
SLOW = min(slowness(), 5.0)
DEADLINE_S = int((20 + COMPUTERS // 4) * SLOW)
"""For all of them: they are in one process here, and share its processors with whatever else there is."""
BROKEN = {"silent": "timed out", "stuck": "no answer within|the line ended before an answer came",
          "endless": "no answer within", "rubbish": "it answered with more than 8 MB"}  # fmt: skip
"""How each is told. Of one stuck in authentication ssh(1) lets go after 45 s, if there are so many."""
KVMLAB = """
case "$*" in *start*) exit 0;; esac
while [ $# -gt 1 ]; do [ "$1" = --evidence ] && cp "$(dirname "$0")/evidence.json" "$2"; shift; done
exit 1
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The example course, with a checker."""
    found = Path(shutil.copytree(EXAMPLE, tmp_path / "course"))
    (found / "checkers" / "net" / "bridge.py").write_text(CHECKER % "stp=True", encoding="utf-8")
    return found


@pytest.fixture
def told(course: Path, told: Callable[..., Told], capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """`kvmlab class ACTION` with that course."""

    def run(*argv: str) -> Told:
        status = main(["--course", str(course), "class", *argv])
        said = capsys.readouterr()
        return Told(status, said.out, said.err)

    return run


@pytest.fixture
def room(tmp_path: Path, computers: Computers, told: Callable[..., Told]) -> Callable[..., Told]:
    """`kvmlab class ACTION … --inventory` for a student at each computer that there is."""

    def run(works: dict[str, str], *argv: str) -> Told:
        options = "-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null"
        lines = ["[all:vars]", f"ansible_ssh_private_key_file={computers.user_key}",
                 f"ansible_ssh_common_args='{options}'", "[pcs]"]  # fmt: skip
        students = ["id,name,host"]
        for number, (name, work) in enumerate(works.items(), 1):
            port = computers.add(f"127.7.0.{number}", KVMLAB, work)
            lines.append(f"{name} ansible_host=127.7.0.{number} ansible_port={port}")
            students.append(f"s-{name},N,{name}")
        (tmp_path / "hosts").write_text("\n".join(lines) + "\n")
        (tmp_path / "r.csv").write_text("\n".join(students) + "\n")
        assert told("create", str(tmp_path / "c"), "--roster", str(tmp_path / "r.csv")).status == 0
        for number, name in enumerate(works, 1):
            write_evidence(tmp_path, number, f"s-{name}")
        began = time.monotonic()
        done = told(argv[0], "--class", str(tmp_path / "c"), *argv[1:], "--inventory", str(tmp_path / "hosts"))
        computers.took_s = time.monotonic() - began
        return done

    return run


def write_evidence(tmp_path: Path, number: int, student: str) -> None:
    """What kvmlab finds at the computer of that number."""
    (tmp_path / "computers" / f"127.7.0.{number}" / "evidence.json").write_text(evidence_of(tmp_path, student))


def evidence_of(tmp_path: Path, student: str) -> str:
    """The guest runs, and the bridge has no STP."""
    found, course = Class(tmp_path / "c"), tmp_path / "course"
    seed = found.seed(Student(student))
    found.book.close()
    lab = Course.load(course).lab(LAB, "en", seed)
    objects: dict[Any, dict[str, object]] = {
        ("link", (lab.values["bridge"],)): {"stp": False, "kind": "bridge"},
        ("domain", ("web1", "now")): {"state": "running"},
        ("start", ()): {"objects": [], "users": {}, "pools": {}},
    }
    recording = Recording(Memory(objects))
    grade(checks_of(lab, course / "checkers" / "net" / "bridge.py"), recording, lab.params, lab.tasks, lab=LAB,
          variant=seed, settle_s=0)  # fmt: skip
    document = evidence(4, lab=LAB, course="example", variant=seed, facts=recording.noted(),
                        taken="1999-01-01T00:00:00Z")  # fmt: skip
    return json.dumps(document)


def test_those_who_hang_are_rows_and_the_others_are_graded(
    room: Callable[..., Told], computers: Computers, tmp_path: Path
) -> None:
    """Of 24 twenty are well, and four hang in four ways."""
    broken = max(4, COMPUTERS // 10)
    hung = {f"{name}{number}": name for number, name in zip(range(broken), cycle(BROKEN), strict=False)}
    well = [f"well{number}" for number in range(COMPUTERS - broken)]
    works = {**dict.fromkeys(well, "sh"), **hung}
    before = set(children())
    done = room(works, "check", LAB, "--deadline", str(DEADLINE_S))
    said = {line.split()[1]: line for line in done.out.splitlines()}
    assert len(said) == len(works) and done.status == 3, done
    for name, how in hung.items():
        assert said[f"s-{name}"].startswith("!") and re.search(BROKEN[how], said[f"s-{name}"]), said[f"s-{name}"]
    graded = Class(tmp_path / "c").book.graded("example", LAB)
    assert sorted(one.attempt.student for one in graded) == sorted(f"s-{name}" for name in well), done.out
    assert computers.took_s < DEADLINE_S + 5 * SLOW
    assert until(lambda: set(children()) <= before), children()


def test_what_a_computer_claims_is_graded_here(room: Callable[..., Told], tmp_path: Path) -> None:
    """It says 4 of 4 points, and 1999; its facts say otherwise."""
    done = room({"pc1": "sh"}, "check", LAB)
    assert done.status == 1 and "3/5, first failing check: bridge-has-stp" in done.out, done
    (one,) = Class(tmp_path / "c").book.graded("example", LAB)
    assert (one.grading.points, one.grading.max_points) == (3, 5) and one.attempt.taken > "2026"


def test_the_lab_of_another_student_is_refused(
    room: Callable[..., Told], tmp_path: Path, told: Callable[..., Told]
) -> None:
    room({"pc1": "sh"}, "check", LAB, "--dry-run")
    write_evidence(tmp_path, 1, "s-other")
    done = told("check", "--class", str(tmp_path / "c"), LAB, "--inventory", str(tmp_path / "hosts"))
    assert done.status == 3 and "the lab there is not this student's variant" in done.out
    assert Class(tmp_path / "c").book.graded("example", LAB) == []


def test_start_dry_run_and_who_has_no_computer(
    room: Callable[..., Told], tmp_path: Path, told: Callable[..., Told]
) -> None:
    assert "ready" in room({"pc1": "sh"}, "start", LAB).out
    (tmp_path / "r2.csv").write_text("id,host\na,pc1\nb,pc9\nc,\nd,pc1\n")
    again = ("--class", str(tmp_path / "c"))
    assert told("roster", *again, str(tmp_path / "r2.csv"), "--accept").status == 0
    done = told("finish", *again, LAB, "--inventory", str(tmp_path / "hosts"), "--dry-run")
    words = {line.split()[0]: line for line in done.out.splitlines()}
    assert "pc1 is d's as well" in words["a"] and "pc9 is not in the inventory" in words["b"]
    assert "the roster names no computer" in words["c"]
    assert told("finish", *again, "--inventory", str(tmp_path / "hosts")).status == 2
    (tmp_path / "hosts").write_text("pc1 ansible_host=127.7.0.200 ansible_port=1\n")
    done = told("start", *again, LAB, "--inventory", str(tmp_path / "hosts"), "--student", "c", "--student", "b")
    assert done.status == 3 and told("status", *again).status == 0


def whole(evidence: bytes = b"{}", said: bytes = b"") -> bytes:
    return b"W begun\nW ended 0 %d %d %s\n" % (len(evidence), len(said), sha256(evidence).hexdigest().encode()) + (
        evidence + said
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ChildOutput(0, b"banner\xff" + whole(b"{}", b"kvmlab: No lab.\n"), b"", ""), "No lab"),
        (ChildOutput(0, whole(b"{}", b"kvmlab: \x1b]0;x\x07a\n"), b"", ""), None),
        (ChildOutput(0, whole()[:-1], b"", ""), "torn"),
        (ChildOutput(0, whole() + b"x", b"", ""), "torn"),
        (ChildOutput(0, whole().replace(b"{}", b"[]"), b"", ""), "torn"),
        (ChildOutput(0, whole().replace(b"W", b"V"), b"", ""), "nonsense"),
        (ChildOutput(255, b"", b"a\nssh: connect to host \x1b[2Jx: refused\n\n", ""), "refused"),
        (ChildOutput(255, b"W begun\n", b"\n", ""), "the line ended before an answer came"),
        (ChildOutput(-1, b"", b"", "deadline"), "no answer within 7 s"),
        (ChildOutput(-1, b"W begun\n", b"", "deadline"), "did not end within 7 s"),
        (ChildOutput(-1, b"x", b"", "length"), f"more than {MOST_ANSWER // 1_000_000} MB"),
    ],
)
def test_answers(answer: ChildOutput, said: str | None) -> None:
    done, _ = read_answer(answer, "W", 7)
    assert done.said.isprintable() and (said is None or said in done.said), done
