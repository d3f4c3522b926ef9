"""What an attempt is worth, by class.toml: rules for all, for a lab, for one person; computed, never stored."""

from __future__ import annotations

import math
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab.classroom.gradebook.records import Graded
from kvmlab.errors import UsageError
from kvmlab.labhost.own_limits import OwnLimits
from kvmlab.nearest import nearest
from kvmlab.safe_text import plain
from kvmlab.words import t

DAY_S = 86_400
COUNTS = ("best", "last", "first")
ABSENT = ("empty", "zero")
EXAM = "exam-"
"""How the variants of exams begin (kvmlab.course.exam.model.Exam.variant)."""

MEMORY, STUDENT_MEMORY = "lab_host_memory_mib", "student_memory_mib"
LIMITS = {
    MEMORY: ("memory_mib", 200, 1_000_000),
    "lab_host_disk_gib": ("disk_gib", 1, 100_000),
    STUDENT_MEMORY: ("all_memory_mib", 200, 1_000_000),
    "student_processes": ("all_processes", 200, 1_000_000),
    "student_cpu_weight": ("all_cpu_weight", 1, 10_000),
}
"""What class.toml calls each limit; its field of OwnLimits, the least it can be, and the most."""


class Rules(NamedTuple):
    """The rules for one student in one lab, as class.toml words them; it says what each means."""

    counts: str = "best"
    late_percent_per_day: float = 0
    late_percent_at_most: float = 100
    grace_minutes: float = 0
    hint_percent: float = 0
    assisted_counts: bool = False
    could_not_look: str = "empty"
    no_attempt: str = "empty"
    exam_only: bool = False
    weight: float = 1
    due: datetime | None = None
    excused: bool = False


FOR_ALL = frozenset(Rules._fields) - {"weight", "due", "excused"}
FOR_A_LAB = FOR_ALL | {"weight", "due"}
FOR_A_PERSON = frozenset(Rules._fields)


class Mark(NamedTuple):
    """What a student has for a lab. `points` None: no grade, for the reason in `why`; else that is what was taken off.

    `max_points` 0: it does not count for them. `graded`: the attempt that counts.
    """

    points: float | None
    max_points: float
    graded: Graded | None
    why: str


class PersonRules(NamedTuple):
    """Other rules for one person, in one lab or (`lab` None) in all."""

    student: str
    lab: str | None
    rules: Mapping[str, Any]


class Policy(NamedTuple):
    """All rules of a class. `limits`: what a student's lab hosts may take, each and together."""

    for_all: Mapping[str, Any]
    labs: Mapping[str, Mapping[str, Any]]
    exceptions: tuple[PersonRules, ...]
    limits: OwnLimits = OwnLimits()

    def rules(self, student: str | None, lab: str) -> Rules:
        """Those for one student in one lab: the most special one of each; None: for whoever has no exceptions."""
        found = {**self.for_all, **self.labs.get(lab, {})}
        for one in sorted(self.exceptions, key=lambda one: one.lab is not None):
            if one.student == student and one.lab in (None, lab):
                found |= one.rules
        return Rules(**found)

    def must_fit(self, path: Path, students: Iterable[str], labs: Iterable[str]) -> None:
        """UsageError where it speaks of a student or a lab that there is not."""
        ids, names = list(students), list(labs)
        unknown = [t("there is no lab {name}", name=_meant(one, names)) for one in self.labs if one not in names]
        for one in self.exceptions:
            if one.student not in ids:
                unknown.append(t("there is no student {name}", name=_meant(one.student, ids)))
            if one.lab is not None and one.lab not in names:
                unknown.append(t("there is no lab {name}", name=_meant(one.lab, names)))
        if unknown:
            raise _broken(path, unknown)


def mark(graded: Sequence[Graded], rules: Rules, max_points: int) -> Mark:
    """What these attempts of one student at one lab are worth. `max_points`: the lab's, where there is no attempt."""
    if rules.excused:
        return Mark(None, 0, None, t("excused"))
    if rules.exam_only:
        graded = [one for one in graded if (one.attempt.seed or "").startswith(EXAM)]
    own = [one for one in graded if rules.assisted_counts or not one.attempt.assisted]
    seen = [one for one in own if not one.grading.unseen]
    if not seen:
        return _no_mark(graded, own, rules, max_points)
    counted = seen[0] if len(seen) == 1 else _counted(seen, rules)
    most = counted.grading.max_points * rules.weight
    return Mark(_worth(counted, rules), most, counted, _taken_off(counted, rules))


def _no_mark(graded: Sequence[Graded], own: Sequence[Graded], rules: Rules, max_points: int) -> Mark:
    if own:
        why, absent = t("could not look"), rules.could_not_look
    else:
        why, absent = t("only with the solution") if graded else t("no attempt"), rules.no_attempt
    return Mark(0.0 if absent == "zero" else None, max_points * rules.weight, None, why)


def _counted(seen: Sequence[Graded], rules: Rules) -> Graded:
    in_order = sorted(seen, key=lambda one: (one.attempt.taken, one.attempt.number))
    if rules.counts == "best":
        return max(in_order, key=lambda one: _worth(one, rules))
    return in_order[-1 if rules.counts == "last" else 0]


def _worth(one: Graded, rules: Rules) -> float:
    off = min(100.0, _late_percent(one, rules) + _hint_percent(one, rules))
    return one.grading.points * rules.weight * (100 - off) / 100


def _late_percent(one: Graded, rules: Rules) -> float:
    if rules.due is None:
        return 0
    late_s = (datetime.fromisoformat(one.attempt.taken) - rules.due).total_seconds() - rules.grace_minutes * 60
    days = math.ceil(late_s / DAY_S) if late_s > 0 else 0
    return min(rules.late_percent_at_most, days * rules.late_percent_per_day)


def _hint_percent(one: Graded, rules: Rules) -> float:
    if not rules.hint_percent:
        return 0
    return min(100.0, sum(one.attempt.hints.values()) * rules.hint_percent)


def _taken_off(one: Graded, rules: Rules) -> str:
    late, hints = _late_percent(one, rules), _hint_percent(one, rules)
    said = [t("late: {percent:g} % off", percent=late)] if late else []
    return ", ".join([*said, t("hints: {percent:g} % off", percent=hints)] if hints else said)


def read_policy(path: Path) -> Policy:
    """The rules of a class.toml. UsageError with all that is wrong in it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _broken(path, [str(error.strerror)]) from None
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError is one, and says the line
        raise _broken(path, [plain(str(error), 300)]) from None
    faults: list[str] = []
    labs, exceptions = table.pop("labs", {}), table.pop("exceptions", [])
    limits = _limits(table, faults)
    for_all = _checked("", table, FOR_ALL, faults)
    if not isinstance(labs, dict) or not all(isinstance(one, dict) for one in labs.values()):
        faults, labs = [*faults, t("`labs` is a table of tables: [labs.NAME]")], {}
    of_labs = {name: _checked(f"labs.{name}.", one, FOR_A_LAB, faults) for name, one in labs.items()}
    found = _exceptions(exceptions, faults)
    if faults:
        raise _broken(path, faults)
    return Policy(for_all, of_labs, tuple(found), limits)


def _limits(table: dict[str, Any], faults: list[str]) -> OwnLimits:
    """Those of the table, taken out of it."""
    found = {}
    for name, (field, least, most) in LIMITS.items():
        value = table.pop(name, 0)
        if type(value) is not int or (value and not least <= value <= most):
            said = t("{name}: 0, or a whole number from {least} to {most}", name=name, least=least, most=most)
            faults.append(said)
        else:
            found[field] = value
    return OwnLimits(**found)


def _exceptions(listed: object, faults: list[str]) -> list[PersonRules]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        faults.append(t("`exceptions` is a list of tables: [[exceptions]]"))
        return []
    found = []
    for number, one in enumerate(listed, 1):
        place = f"exceptions {number}: "
        student, lab, why = one.pop("student", None), one.pop("lab", None), one.pop("why", "")
        rules = _checked(place, one, FOR_A_PERSON, faults)
        if not isinstance(student, str):
            faults.append(f"{place}{t('`student` is missing, or no text')}")
        elif not isinstance(lab, str | None) or not isinstance(why, str):
            faults.append(f"{place}{t('`lab` and `why` are texts')}")
        else:
            found.append(PersonRules(student, lab, rules))
    return found


def _checked(place: str, table: Mapping[str, Any], allowed: frozenset[str], faults: list[str]) -> dict[str, Any]:
    """The rules in a table; what is wrong with them goes to `faults`."""
    for name, value in table.items():
        if name not in allowed:
            faults.append(f"{place}{t('there is no rule {name}', name=_meant(name, allowed))}")
        elif wrong := _wrong(name, value):
            faults.append(f"{place}{name}: {wrong}")
    return dict(table)


def _wrong(name: str, value: object) -> str:
    if name == "due":
        aware = isinstance(value, datetime) and value.tzinfo is not None
        return "" if aware else t("a time with its zone, as 2026-12-01T18:00:00+08:00, without quotes")
    if name in ("assisted_counts", "excused", "exam_only"):
        return "" if isinstance(value, bool) else t("true or false")
    if name in ("counts", "could_not_look", "no_attempt"):
        words = COUNTS if name == "counts" else ABSENT
        return "" if value in words else t("one of {words}", words=", ".join(f'"{one}"' for one in words))
    most = 100 if name.startswith("late") or name == "hint_percent" else 1_000_000
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most
    return "" if number else t("a number from 0 to {most}", most=most)


def _meant(name: str, names: Iterable[str]) -> str:
    shown = f"`{plain(name, 60)}`"
    close = nearest(name, names)
    return t("{said}; did you mean `{meant}`?", said=shown, meant=close).rstrip("?？") if close else shown


def _broken(path: Path, faults: Sequence[str]) -> UsageError:
    lines = [f"  {path}: {one}." for one in faults]
    return UsageError(
        "\n".join([t("{path} cannot be used.", path=path), *lines]), f"${{EDITOR:-vi}} {shlex.quote(str(path))}"
    )
