"""What a student has achieved: per lab the last check, the best result, hints given, the solution seen.

One small JSON file per lab in progress/<course tag>/, replaced as a whole and changed under a lock. A file
that cannot be read is set aside as NAME.json.broken-<n> with a word on standard error, never thrown away.
`best_points` and `done` are the student's own: a run in which `kvmlab solve` was used raises neither.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.paths import State
from kvmlab.state import record

if TYPE_CHECKING:
    from kvmlab.course.lab.model import Lab


class LabProgress(NamedTuple):
    """Progress in one lab. Times are UTC, as 2026-11-23T10:15:00Z, or "" for never.

    `passed`: tasks passed when they were last checked in this run (a start or reset begins a new run);
    `earned`: points per task, likewise. `best_points`: the most in one run.
    `hints`: per task how many have been given; they stay given. `solved`: `kvmlab solve` was used in this
    run; `solved_ever`: in any.
    `done`: when all tasks first passed without it. `gained`: when a check last found more points in this run.
    """

    lab: str
    passed: tuple[str, ...] = ()
    earned: Mapping[str, int] = MappingProxyType({})
    best_points: int = 0
    max_points: int = 0
    verdict: str = ""
    hints: Mapping[str, int] = MappingProxyType({})
    solved: bool = False
    solved_ever: bool = False
    checks: int = 0
    started: str = ""
    checked: str = ""
    done: str = ""
    gained: str = ""

    @property
    def points(self) -> int:
        """What has been reached in this run."""
        return sum(self.earned.values())


class ProgressStore:
    """The progress of all labs of one course, in `state`."""

    def __init__(self, state: State, course_tag: str) -> None:
        self._state = state
        self._tag = course_tag

    @property
    def folder(self) -> Path:
        """progress/<course tag>, made when first written to."""
        return self._state.root / "progress" / self._tag

    def lab(self, lab_id: str) -> LabProgress:
        """Progress in one lab; nothing yet: all zero. `lab_id` has to be one of the catalogue."""
        path = self._path(self.folder, lab_id)
        return record.read(path, lambda data: _from_json(lab_id, data), LabProgress(lab_id))

    def all(self, lab_ids: Iterable[str]) -> dict[str, LabProgress]:
        """Progress in each of `lab_ids`."""
        try:
            there = set(os.listdir(self.folder))  # noqa: PTH208
        except OSError:
            there = set()
        return {one: self.lab(one) if f"{one}.json" in there else LabProgress(one) for one in lab_ids}

    def began(self, lab_id: str) -> LabProgress:
        """A start or a reset: a new run, nothing passed in it yet."""
        fresh: dict[str, Any] = {"passed": (), "earned": {}, "verdict": "", "solved": False, "gained": ""}
        return self._change(lab_id, lambda was: was._replace(**fresh, started=now()))

    def checked(self, lab: "Lab", results: Mapping[str, tuple[str, int]]) -> LabProgress:
        """A check's result: verdict and points per task. Tasks that were not looked at stay as they were.

        So `check LAB TASK` adds to what is known, and only all tasks together make a lab done.
        """

        def change(was: LabProgress) -> LabProgress:
            verdicts = {**dict.fromkeys(was.passed, "passed"), **{task: found[0] for task, found in results.items()}}
            earned = {**was.earned, **{task: found[1] for task, found in results.items()}}
            passed = tuple(task.id for task in lab.tasks if verdicts.get(task.id) == "passed")
            own, complete = not was.solved, len(passed) == len(lab.tasks)
            new = was._replace(
                passed=passed,
                earned={task.id: earned[task.id] for task in lab.tasks if task.id in earned},
                max_points=lab.points,
                verdict="passed" if complete else "failed",
                checks=was.checks + 1,
                checked=now(),
                done=was.done or (now() if complete and own else ""),
            )
            new = new._replace(gained=now() if new.points > was.points else was.gained)
            return new._replace(best_points=max(was.best_points, new.points)) if own else new

        return self._change(lab.id, change)

    def hint_given(self, lab_id: str, task_id: str, most: int) -> int:
        """Give one more of the `most` hints of a task: its number from 1, or 0 when all have been given."""
        number = 0

        def change(was: LabProgress) -> LabProgress:
            nonlocal number
            given = was.hints.get(task_id, 0)
            number = given + 1 if given < most else 0
            return was._replace(hints={**was.hints, task_id: number}) if number else was

        self._change(lab_id, change)
        return number

    def solved(self, lab_id: str) -> LabProgress:
        """`kvmlab solve` was used: what passes from here on in this run is not the student's own."""
        return self._change(lab_id, lambda was: was._replace(solved=True, solved_ever=True))

    def _path(self, folder: Path, lab_id: str) -> Path:
        """The file of a lab; ids are the catalogue's, and nothing else becomes a path."""
        if not (lab_id.isascii() and lab_id.replace("-", "").isalnum() and len(lab_id) < 100):
            from kvmlab.course.unknown import no_lab

            raise no_lab(lab_id, [])
        return folder / f"{lab_id}.json"

    def _change(self, lab_id: str, change: Callable[[LabProgress], LabProgress]) -> LabProgress:
        self._path(self.folder, lab_id)
        with self._state.lock(f"progress-{self._tag}-{lab_id}"):
            was = self.lab(lab_id)
            new = change(was)
            if new != was:
                folder = self._state.progress / self._tag
                folder.mkdir(mode=0o700, exist_ok=True)
                data = {**new._asdict(), "hints": dict(new.hints), "earned": dict(new.earned)}
                record.write(self._path(folder, lab_id), data)
            return new


TIME = "%Y-%m-%dT%H:%M:%SZ"


def now() -> str:
    """The time, as the files of the state directory have it."""
    return time.strftime(TIME, time.gmtime())


def _from_json(lab_id: str, data: object) -> LabProgress:
    """The record of `data`; ValueError where a field is not of its type. Unknown fields are left out."""
    if not isinstance(data, dict):
        raise ValueError("not a table")
    empty = LabProgress(lab_id, hints={}, earned={})
    values: dict[str, Any] = {name: data.get(name, value) for name, value in empty._asdict().items()}
    values["passed"] = tuple(values["passed"]) if isinstance(values["passed"], (list, tuple)) else None
    for name, value in empty._asdict().items():
        if type(values[name]) is not type(value):
            raise ValueError(name)
    if not all(isinstance(task, str) for task in values["passed"]):
        raise ValueError("a task that is not a text")
    for numbers in (values["hints"], values["earned"]):
        if not all(type(number) is int and 0 <= number < 10_000 for number in numbers.values()):
            raise ValueError("a number out of range")
    return LabProgress(**{**values, "lab": lab_id})
