"""A class of two on the example course, and a kvmlab for its students that starts no lab host."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kvmlab.classroom.children import Children, Done
from kvmlab.cli.main import main
from kvmlab.course import ProgressStore
from kvmlab.course.exam.model import Exams
from kvmlab.paths import State
from kvmlab.state.record import write
from tests.classroom.samples import evidence
from tests.conftest import compiled, give_compiled
from tests.course.conftest import EXAMPLE

ROSTER = "id,name,group\n2026001,Anna,A\n2026002,Bo,B\n"
LAB = "net-bridge"


@dataclass
class Pretended:
    """In place of `Children.run`: does to a student's state what kvmlab would do there.

    `points`: what a check finds, by student's state directory or for all (""). `fails`: verbs and options that do not
    work.
    """

    calls: list[tuple[str, ...]] = field(default_factory=list)
    points: dict[str, Any] = field(default_factory=lambda: {"": (4, None)})
    fails: dict[str, str] = field(default_factory=dict)

    def __call__(self, _children: Children, state: State, *argv: str) -> Done:
        self.calls.append((state.root.name, *argv))
        words = [word for word in argv if not word.startswith("--")]
        variant, words = (words[0], words[1:]) if "--variant" in argv else (None, words)
        verb, lab = words[0], words[1]
        for word in (verb, *argv):
            if word in self.fails:
                return Done(3, self.fails[word])
        if verb == "exam":
            return self._handed_in(state)
        record = state.labs / "example" / f"{lab}.json"
        record.parent.mkdir(exist_ok=True)
        if verb == "check":
            return self._check(state, lab, Path(argv[-1]), record)
        record.unlink(missing_ok=True)
        if verb in ("start", "reset"):
            rendered = compiled(EXAMPLE)[0].lab(lab, "en", variant).to_json()
            data = {"lab": lab, "variant": variant, "instance": "i1", "state": "running", "compiled": rendered,
                    "started": "2026-11-23T10:15:00+00:00"}  # fmt: skip
            write(record, data)
        return Done(0, "")

    def _check(self, state: State, lab: str, file: Path, record: Path) -> Done:
        if not record.exists():
            return Done(3, f"{lab} has not been started")
        points, verdicts = self.points.get(state.root.name, self.points.get("", (0, None)))
        run = json.loads(record.read_text())
        found = evidence(points, verdicts, lab=lab, variant=run["variant"], course="example",
                         taken=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))  # fmt: skip
        write(file, found)
        return Done({"passed": 0, "failed": 1}.get(found["report"]["verdict"], 3), "")

    def _handed_in(self, state: State) -> Done:
        """As `kvmlab exam next` of an exam of one lab."""
        exams = Exams(state, "example")
        exam = exams.running()
        assert exam
        lab = exam.labs[0].id
        record = state.labs / "example" / f"{lab}.json"
        file = exams.evidence(exam, lab)
        done = Done(0, "") if file.exists() else self._check(state, lab, file, record)
        record.unlink(missing_ok=True)
        exams.end(exam)
        return done


@dataclass
class Told:
    """What a command said: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


@dataclass
class Classroom:
    """The class, and the command in its folder."""

    folder: Path
    state: State
    pretended: Pretended
    run: Callable[..., Told]

    def __call__(self, *argv: str) -> Told:
        return self.run("class", argv[0], "--class", str(self.folder), *argv[1:])

    def student(self, number: str) -> State:
        """A student's state directory."""
        from kvmlab.classroom.folder import Class
        from kvmlab.classroom.roster.student import Student

        found = Class(self.folder)
        try:
            return found.state(Student(number), self.state)
        finally:
            found.book.close()

    def progress(self, number: str) -> ProgressStore:
        """A student's progress."""
        return ProgressStore(self.student(number), "example")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Run kvmlab in this process, on the example course."""
    for name in [name for name in os.environ if name.startswith(("KVMLAB_", "LC_", "LANG", "NO_COLOR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KVMLAB_STATE", str(tmp_path / "state"))
    give_compiled(EXAMPLE, State(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*argv: str) -> Told:
        status = main(["--course", str(EXAMPLE), *argv])
        said = capsys.readouterr()
        return Told(status, said.out, said.err)

    return run


@pytest.fixture
def classroom(tmp_path: Path, told: Callable[..., Told], monkeypatch: pytest.MonkeyPatch) -> Classroom:
    """A class whose students' children are pretended."""
    pretended = Pretended()
    monkeypatch.setattr(Children, "run", lambda children, state, *argv: pretended(children, state, *argv))
    monkeypatch.setattr("kvmlab.cli.classroom.students.make_images", lambda ctx, lab: None)
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    done = told("class", "create", str(tmp_path / "kvm"), "--roster", str(tmp_path / "roster.csv"))
    assert (done.status, done.err) == (0, ""), done
    return Classroom(tmp_path / "kvm", State(tmp_path / "state"), pretended, told)


@pytest.fixture
def graded(classroom: Classroom) -> Classroom:
    """Anna has 3 of 4; of Bo's lab something could not be looked at."""
    classroom("start", LAB)
    some = ("passed", "passed", "error", "passed")
    classroom.pretended.points = {"": (3, None), classroom.student("2026002").root.name: (3, some)}
    classroom("check", LAB)
    return classroom
