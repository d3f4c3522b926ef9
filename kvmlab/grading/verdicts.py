"""Verdicts and the report: one record, which the terminal, the JSON and the JUnit file all show."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from kvmlab.checks.findings import Finding

SCHEMA = "kvmlab.check/1"


class Verdict(Enum):
    """What is known of a check, a task or a lab."""

    PASSED = "passed"  # every fact was read and is as wanted
    FAILED = "failed"  # a fact was read and is not as wanted
    BLOCKED = "blocked"  # a check it needs has not passed
    ERROR = "error"  # we could not look: nothing is known of it

    @classmethod
    def over(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Of several together: failed if any failed, else error, else blocked; passed only if all passed."""
        given = set(verdicts)
        return next((one for one in (cls.FAILED, cls.ERROR, cls.BLOCKED) if one in given), cls.PASSED)


class CheckResult(NamedTuple):
    """What came of one check. `points`: what it is worth, whatever the verdict. `transient`: waiting may help.

    `bug`: it could not look because the checker (or kvmlab) is wrong, not the host.
    """

    id: str
    task: str
    sentence: str
    verdict: Verdict
    points: int
    guard: bool = False
    blocked_by: tuple[str, ...] = ()
    error: str | None = None
    todo: str = ""
    transient: bool = False
    bug: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether its verdict is passed."""
        return self.verdict is Verdict.PASSED

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.check/1."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "verdict": self.verdict.value,
            "blocked_by": list(self.blocked_by),
            "error": self.error,
            "findings": [finding.to_json() for finding in self.findings if finding.facts],
        }


class TaskResult(NamedTuple):
    """What came of one task: the points of its checks that passed."""

    id: str
    title: str
    max_points: int
    checks: tuple[CheckResult, ...]

    @property
    def verdict(self) -> Verdict:
        """Of its checks together."""
        return Verdict.over(check.verdict for check in self.checks)

    @property
    def points(self) -> int:
        """Points of the checks that passed; none while a guard has failed: what was to stay as it was is part of it."""
        if any(check.guard and check.verdict is Verdict.FAILED for check in self.checks):
            return 0
        return sum(check.points for check in self.checks if check.passed)

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.check/1."""
        return {
            "id": self.id,
            "title": self.title,
            "verdict": self.verdict.value,
            "points": self.points,
            "max_points": self.max_points,
            "checks": [check.to_json() for check in self.checks],
        }


class Report(NamedTuple):
    """What came of checking a lab. `max_points` depends on the lab alone, never on what could be looked at.

    `needed`: checks of other tasks that ran only because those of `tasks` need them. `notes`: what else is to be known
    of how it was looked, a sentence each.
    """

    lab: str
    variant: str | None
    tasks: tuple[TaskResult, ...]
    seconds: float
    needed: tuple[CheckResult, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """All checks, task by task."""
        return tuple(check for task in self.tasks for check in task.checks)

    @property
    def verdict(self) -> Verdict:
        """Of all tasks together."""
        return Verdict.over(task.verdict for task in self.tasks)

    @property
    def points(self) -> int:
        """Points reached."""
        return sum(task.points for task in self.tasks)

    @property
    def max_points(self) -> int:
        """Points there are."""
        return sum(task.max_points for task in self.tasks)

    @property
    def exit_status(self) -> int:
        """0 all passed; 3 nothing is known to be wrong, but not everything could be looked at; else 1."""
        return {Verdict.PASSED: 0, Verdict.ERROR: 3}.get(self.verdict, 1)

    def to_json(self) -> dict[str, Any]:
        """The document of `kvmlab check --json`."""
        return {
            "schema": SCHEMA,
            "lab": self.lab,
            "variant": self.variant,
            "verdict": self.verdict.value,
            "points": self.points,
            "max_points": self.max_points,
            "seconds": round(self.seconds, 3),
            "tasks": [task.to_json() for task in self.tasks],
            **({"notes": list(self.notes)} if self.notes else {}),
        }
