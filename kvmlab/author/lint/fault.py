"""A fault of a lab: where, how bad, by which rule, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kvmlab.errors import KvmlabError

if TYPE_CHECKING:
    from kvmlab.course import Course

T = TypeVar("T")
SCHEMA = "kvmlab.lint/1"
_PLACED = re.compile(r"(.+?):(\d+): (.*)", re.DOTALL)


class Severity(Enum):
    """ERROR: it contradicts itself, or would fail a student. WARNING: something is still to be done."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """One fault. `file` is the path inside the course, `line` counts from 1, `rule` is a short name."""

    file: str
    line: int
    rule: str
    message: str
    lab: str = ""
    severity: Severity = Severity.ERROR

    def text(self) -> str:
        """`file:line: severity: message [rule]`, as editors understand it; the severity stays English for them."""
        return f"{self.file}:{self.line}: {self.severity.value}: {self.message} [{self.rule}]"

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.lint/1."""
        fields = ("file", "line", "rule", "message", "lab")
        return {name: getattr(self, name) for name in fields} | {"severity": self.severity.value}


def from_error(error: KvmlabError, root: Path, file: str, lab: str, rule: str) -> LintFinding:
    """An error that names its place ("file:line: message") as a fault; else it is about `file`."""
    found = _PLACED.fullmatch(error.message)
    if not found:
        return LintFinding(file, 1, rule, error.message, lab)
    return LintFinding(found[1].removeprefix(f"{root}/"), int(found[2]), rule, found[3], lab)


@dataclass
class FaultNotes:
    """Faults as they are found, in the course's files. `id`: the lab that all of them are of; "": of the course."""

    course: Course
    id: str = ""
    faults: list[LintFinding] = field(default_factory=list)

    def error(self, file: str, line: int, rule: str, message: str) -> None:
        """Note an error."""
        self.faults.append(LintFinding(file, line, rule, message, self.id))

    def warning(self, file: str, line: int, rule: str, message: str) -> None:
        """Note a warning."""
        self.faults.append(LintFinding(file, line, rule, message, self.id, Severity.WARNING))

    def attempt(self, file: str, rule: str, work: Callable[[], T]) -> T | None:
        """What `work` gives; where it raises one of our errors, note that and give None."""
        try:
            return work()
        except KvmlabError as error:
            self.faults.append(from_error(error, self.course.root, file, self.id, rule))
            return None


def faults_json(faults: Iterable[LintFinding]) -> dict[str, Any]:
    """The document of `kvmlab lint --json`."""
    listed = list(faults)
    counts = {f"{one.value}s": sum(fault.severity is one for fault in listed) for one in Severity}
    return {"schema": SCHEMA, **counts, "faults": [fault.to_json() for fault in listed]}
