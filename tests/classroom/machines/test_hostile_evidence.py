"""Evidence as a student's computer may make it up: a row or a grade, and the gradebook stays whole."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from kvmlab.classroom.actions import tried
from kvmlab.classroom.children import ChildOutput, Children
from kvmlab.classroom.export.tables import csv_per
from kvmlab.classroom.folder import Class, create_class
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.classroom.machines.remote import Machines
from kvmlab.classroom.page import Pages
from kvmlab.classroom.regrade import Grader, regrade
from kvmlab.classroom.results import results_of
from kvmlab.classroom.roster.student import Student
from kvmlab.course import Course
from kvmlab.grading.evidence import Recording
from kvmlab.grading.runner import run
from kvmlab.observe.grade import checks_of
from tests.checks.memory import Memory
from tests.classroom.conftest import LAB
from tests.classroom.samples import evidence
from tests.classroom.test_grades import CHECKER
from tests.course.conftest import EXAMPLE

ANNA = Student("2026001", "Anna", host="pc1")
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    "",
    "x" * 3000,
    "\ud800\x1b[2J",
    [],
    {},
    [[]],
    {"value": {"a": [1]}},
    2**70,
)


class Answering(Children):
    """In place of ssh: what the computer answers."""

    said = b""

    def answer(self, argv: Any, deadline_s: float, most: int, stdin: Any = None) -> ChildOutput:
        """As Children.answer; the word of the call is the script's first argument."""
        word = argv[-1].rpartition(" sh kvmlab-")[2].partition(" ")[0]
        head = f"kvmlab-{word} ended 1 {len(self.said)} 0 {sha256(self.said).hexdigest()}\n"
        return ChildOutput(0, head.encode() + self.said, b"", "")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    root = Path(shutil.copytree(EXAMPLE, tmp_path / "course"))
    (root / "checkers" / "net" / "bridge.py").write_text(CHECKER % "stp=True", encoding="utf-8")
    create_class(tmp_path / "c", [ANNA])
    found, course = Class(tmp_path / "c"), Course.load(root)
    inventory = {"pc1": Machine("pc1", "pc1", None, "", "", (), ("kvmlab",))}
    yield Machines(found, course, inventory, [ANNA], Answering(root), 9, Grader(course, LAB, "en"), monotonic())
    found.book.close()


def honest(machines: Machines) -> dict[str, Any]:
    seed = machines.of_class.seed(ANNA)
    lab = machines.course.lab(LAB, "en", seed)
    objects: dict[Any, dict[str, object]] = {
        ("link", (lab.values["bridge"],)): {"stp": True, "kind": "bridge"},
        ("domain", ("web1", "now")): {"state": "running"},
        ("start", ()): {"objects": [], "users": {}, "pools": {}},
    }
    recording = Recording(Memory(objects))
    run(
        checks_of(lab, machines.course.checker(LAB)),
        recording,
        lab.params,
        lab.tasks,
        lab=LAB,
        variant=seed,
        settle_s=0,
    )
    return evidence(4, lab=LAB, course="example", variant=seed, facts=recording.noted())


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in it, with each of its keys."""
    for key in document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ():
        yield document, key
        yield from places(document[key])


def spoilt(document: dict[str, Any], dice: random.Random) -> bytes:
    made = json.loads(json.dumps(document))
    for _ in range(dice.randrange(1, 4)):
        container, key = dice.choice(list(places(made)))
        if dice.random() < 0.2 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = dice.choice(ODD)
    raw = json.dumps(made).encode()
    return raw if dice.random() < 0.9 else raw[: dice.randrange(len(raw))]


def test_an_honest_one_is_graded(machines: Machines) -> None:
    document = honest(machines)
    machines.children.said = json.dumps(document).encode()  # type: ignore[attr-defined]
    outcome = machines.check(ANNA, LAB)
    assert outcome.evidence and outcome.evidence["report"]["points"] == 5 and outcome.status == 0, outcome


def test_seven_hundred_that_are_made_up(machines: Machines, tmp_path: Path) -> None:
    """What is taken can be reported, exported and graded again; nobody has more points than there are."""
    dice, document, taken = random.Random(3), honest(machines), 0
    book = machines.of_class.book
    number = book.begin_run("check", LAB, "v")
    for _ in range(700):
        machines.children.said = spoilt(document, dice)  # type: ignore[attr-defined]
        outcome = tried(lambda one, student: one.check(student, LAB), machines, ANNA)
        assert outcome.said.isprintable() and len(outcome.said) < 900 and outcome.status in (0, 1, 3)
        if outcome.evidence is None:
            continue
        taken += 1
        assert 0 <= outcome.evidence["report"]["points"] <= outcome.evidence["report"]["max_points"] == 5
        if taken % 10 == 0:
            book.add_attempt(number, ANNA.id, "example", outcome.evidence, {}, False)
    assert 50 < taken < 690, taken
    assert len(list(regrade(book, machines.course, LAB, "en", [ANNA.id]))) == taken // 10
    results = results_of(machines.of_class, machines.course, [ANNA])
    assert csv_per("check", results, book).encode()
    assert Pages("c", results, book, "2026-11-27T10:00:00Z").of_student(ANNA).encode()
    assert book.database.rows("PRAGMA integrity_check")[0][0] == "ok"
