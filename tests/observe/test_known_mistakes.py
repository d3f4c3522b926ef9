"""Known mistakes in a report that is kept with its evidence, or comes of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kvmlab.checks import Host
from kvmlab.checks.reader import Reader
from kvmlab.grading.rehearsed_reader import RehearsedReader
from kvmlab.grading.verdicts import Report
from kvmlab.observe import grade, rehearsed_grade
from tests.grading.mistakes.fixtures import FIXTURES, WORLD
from tests.grading.mistakes.test_mistakes import memory, report_of

NAME = "live-only"


@pytest.fixture(autouse=True)
def _one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of a lab are one, that reads the guest and fails."""

    def run_checks(checks: object, reader: Reader, lab: object, **how: object) -> Report:
        reader.read("domain", ("web1", "live"), ["state"])
        return report_of(FIXTURES[NAME].finding(Host(memory(FIXTURES[NAME]))))

    for module in (grade, rehearsed_grade):
        monkeypatch.setattr(module, "run_checks", run_checks)
        monkeypatch.setattr(module, "checks_of", lambda lab, checker: None)


def is_named(report: Report, facts: dict[str, Any]) -> bool:
    """Whether it says the mistake; the facts are those of the check alone."""
    assert [one["kind"] for one in facts["objects"]] == ["domain"]
    (mistake,) = (finding.mistake for finding in report.checks[0].findings)
    return mistake is not None and mistake.name == NAME


def test_with_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(lab: object, host: object, *, at_once: bool) -> Iterator[tuple[Reader, None]]:
        yield memory(FIXTURES[NAME]), None

    monkeypatch.setattr(grade, "opened", opened)
    nothing: Any = None
    assert is_named(*grade.grade_with_evidence(nothing, Path(), nothing))


def test_of_a_rehearsal_the_first_host_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsed_grade, "SURE_S", 0.0)
    nothing: Any = None
    copy = type(memory(FIXTURES[NAME]))({place: dict(facts) for place, facts in WORLD.items()})
    both = RehearsedReader(memory(FIXTURES[NAME]), copy)
    assert is_named(*rehearsed_grade.Rehearsing(nothing, Path())._until_sure(both))
