"""What is wrong with a receipt: by the course as it is here, by the class's variants, by the other receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kvmlab.checks.declare import Check
from kvmlab.course import Course, Lab
from kvmlab.course.version import lab_version
from kvmlab.errors import KvmlabError
from kvmlab.json_text import canonical
from kvmlab.observe.grade import checks_of
from kvmlab.receipts.reading import Receipt, RefusedReceipt, read_receipt, when
from kvmlab.safe_text import shown
from kvmlab.words import t

_CLOCKS = timedelta(days=1)
"""How far a student's clock may be before ours."""


@dataclass
class Judged:
    """One file: the receipt, if it is one, and all that speaks against it. Taken where nothing does."""

    file: Path
    receipt: Receipt | None = None
    against: list[str] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        """Whether it counts."""
        return self.receipt is not None and not self.against

    @property
    def student(self) -> str:
        """Whose it says it is; "" where it says nothing."""
        return self.receipt.student if self.receipt else ""

    @property
    def points(self) -> dict[str, tuple[int, int]]:
        """Per lab what was reached, and what can be; of one that is refused, nothing."""
        labs = self.receipt.labs.items() if self.receipt and self.taken else ()
        return {lab: (one["report"]["points"], one["report"]["max_points"]) for lab, one in labs}


def judge(files: Sequence[Path], course: Course, variants: Mapping[str, str] | None = None) -> list[Judged]:
    """Each file, in this order. `variants`: of each student, by id; None where it is not known."""
    found = [_read(path) for path in files]
    judge_one = _Judge(course, variants)
    for one in found:
        if one.receipt:
            one.against += judge_one(one.receipt)
    _name_those_handed_in_by_two(found)
    return found


def _read(path: Path) -> Judged:
    try:
        return Judged(path, read_receipt(path))
    except KvmlabError as error:
        return Judged(path, against=[error.message])


class _Judge:
    """By the course and the class; a lab is compiled once for all receipts of a variant."""

    def __init__(self, course: Course, variants: Mapping[str, str] | None) -> None:
        self._course, self._variants = course, variants
        self._labs: dict[tuple[str, str | None], Lab] = {}
        self._checks: dict[str, tuple[Check, ...]] = {}
        self._versions: dict[str, str] = {}

    def __call__(self, receipt: Receipt) -> list[str]:
        said = []
        if receipt.course != self._course.tag:
            return [t("It is of another course: {course}.", course=shown(receipt.course))]
        if self._variants is not None and receipt.student not in self._variants:
            said.append(t("Nobody in the class is called {student}.", student=receipt.student))
        for lab_id, evidence in receipt.labs.items():
            try:
                said += [f"{lab_id}: {one}" for one in self._against(receipt, lab_id, evidence)]
            except KvmlabError as error:
                said.append(f"{lab_id}: {error.message}")
        return said

    def _against(self, receipt: Receipt, lab_id: str, evidence: Mapping[str, Any]) -> Iterator[str]:
        if self._version(lab_id) != evidence["lab_version"]:
            yield t("it was checked by another version of the lab.")
            return
        yield from self._of_variant(receipt.student, evidence["variant"])
        lab = self._lab(lab_id, evidence["variant"])
        if canonical(lab.values) != canonical(evidence["parameters"]):
            yield t("its parameters are not those of its variant.")
        begun, taken, made = when(evidence["begun"]), when(evidence["taken"]), when(receipt.made)
        if not begun <= taken <= made <= datetime.now(UTC) + _CLOCKS:
            yield t("its times are not in their order.")
        if not _follows(evidence["report"], lab, self._checks_of(lab)):
            yield t("its verdicts do not follow from its facts, or are of other tasks.")

    def _of_variant(self, student: str, variant: str | None) -> Iterator[str]:
        wanted = (self._variants or {}).get(student)
        if self._variants is None or wanted is None or variant == wanted:
            return
        others = [other for other, theirs in self._variants.items() if theirs == variant]
        if others:
            yield t("it was made for the variant of {other}.", other=others[0])
        else:
            yield t("it was made for another variant than {student}'s.", student=student)

    def _version(self, lab_id: str) -> str:
        if lab_id not in self._versions:
            self._course.entry(lab_id)
            self._versions[lab_id] = lab_version(self._course, lab_id)
        return self._versions[lab_id]

    def _lab(self, lab_id: str, variant: str | None) -> Lab:
        key = lab_id, variant
        if key not in self._labs:
            self._labs[key] = self._course.lab(lab_id, "en", variant)
        return self._labs[key]

    def _checks_of(self, lab: Lab) -> tuple[Check, ...]:
        """Whatever the variant is, they are the same."""
        if lab.id not in self._checks:
            self._checks[lab.id] = checks_of(lab, self._course.checker(lab.id)).checks
        return self._checks[lab.id]


def _follows(report: Mapping[str, Any], lab: Lab, checks: Sequence[Check]) -> bool:
    """Whether the report is of this lab and this variant, and its verdicts and points are what they must be."""
    tasks = report["tasks"]
    same = (report["lab"], report["variant"]) == (lab.id, lab.variant)
    same = same and [(one["id"], one["max_points"]) for one in tasks] == [(one.id, one.points) for one in lab.tasks]
    same = same and all(report[name] == sum(one[name] for one in tasks) for name in ("points", "max_points"))
    return same and all(_task_follows(one, [check for check in checks if check.task == one["id"]]) for one in tasks)


def _task_follows(task: Mapping[str, Any], checks: Sequence[Check]) -> bool:
    """Its checks are those of the checker; its points are of those that passed, none while a guard has failed."""
    verdicts = {one["id"]: one["verdict"] for one in task["checks"]}
    if sorted(one["id"] for one in task["checks"]) != sorted(check.id for check in checks):
        return False
    guarded = any(check.guard and verdicts[check.id] == "failed" for check in checks)
    points = sum(check.points for check in checks if verdicts[check.id] == "passed")
    right = (task["verdict"] == "passed") == (set(verdicts.values()) <= {"passed"})
    right = right and task["points"] == (0 if guarded else points)
    return right and all(_is_seen(one) for one in task["checks"] if one["verdict"] == "passed")


def _is_seen(check: Mapping[str, Any]) -> bool:
    """Whether a check that has passed was looked at, and each fact is met."""
    facts = [fact for finding in check["findings"] for fact in finding["facts"]]
    return check["error"] is None and not check["blocked_by"] and all(fact["met"] for fact in facts)


def _name_those_handed_in_by_two(found: Sequence[Judged]) -> None:
    """The same lab host, or the same evidence, can be only one's: all who hand it in are named, and none is taken."""
    rows = [one for one in found if one.receipt]
    for same in _groups(rows, lambda receipt: [receipt.digest]):
        _name(same, t("its evidence is handed in by {others}, too."))
    for same in _groups(rows, lambda receipt: [one["lab_host"] for one in receipt.labs.values()]):
        _name(same, t("a lab host of it is in the receipt of {others}, too."))
    for digest in {one.receipt.digest for one in rows if one.receipt}:
        _once_each([one for one in rows if one.receipt and one.receipt.digest == digest])


def _groups(rows: Sequence[Judged], marks: Callable[[Receipt], list[str]]) -> Iterator[list[Judged]]:
    """Those of different students that have a mark in common."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in rows:
        assert one.receipt
        for mark in set(marks(one.receipt)):
            groups[mark].append(one)
    yield from (same for same in groups.values() if len({one.student for one in same}) > 1)


def _name(same: Sequence[Judged], message: str) -> None:
    for one in same:
        others = sorted({other.student for other in same} - {one.student})
        said = message.format(others=", ".join(others))
        if said not in one.against:
            one.against.append(said)


def _once_each(same: Sequence[Judged]) -> None:
    """The same receipt twice, by the same student: the first counts."""
    first: dict[str, Judged] = {}
    for one in same:
        if first.setdefault(one.student, one) is not one:
            one.against.append(t("it is the same as {file}.", file=first[one.student].file.name))


__all__ = ["Judged", "RefusedReceipt", "judge"]
