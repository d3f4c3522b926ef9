"""Whether a repair is mended: no symptom is left, every check of the lab holds, and nothing else is changed.

What a check of a lab finds is never told while a repair is open: it would name the cause.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.course import Lab
from kvmlab.grading.as_it_was import AS_IT_WAS, declared, guarded
from kvmlab.grading.load import CheckSet, load_checks
from kvmlab.grading.verdicts import Report, Verdict
from kvmlab.host.start.aspects import Aspects, Objects, objects_of
from kvmlab.observe.grade import opened, run_checks
from kvmlab.repair.changes import changes
from kvmlab.repair.symptoms import left
from kvmlab.setup.start_record import pictures

if TYPE_CHECKING:
    from kvmlab.checks.vocabulary.aspects import Grant
    from kvmlab.course.fault.model import Symptom
    from kvmlab.labhost.container import LabHost
    from kvmlab.repair.record import Repair

_RUNNING_ON = ("process", "boots")
_NOTHING = Reading("", "")


class Judgement(NamedTuple):
    """What is known. `left`: symptoms still seen; `report`: of the lab's checks, None while symptoms are left.

    `forbidden`: what the ticket forbids, and was done.
    """

    left: tuple[str, ...]
    report: Report | None = None
    forbidden: bool = False

    @property
    def verdict(self) -> Verdict:
        """PASSED: mended. ERROR: nothing is known to be wrong, but not everything could be looked at."""
        if self.left or self.forbidden:
            return Verdict.FAILED
        return self.report.verdict if self.report else Verdict.ERROR

    def shows(self, symptom: Symptom) -> bool | None:
        """Whether it is still seen; None: one of the next boot, which is not looked for while another is left."""
        if symptom.upcoming and self.left and symptom.id not in self.left:
            return None
        return symptom.id in self.left

    @property
    def untouched(self) -> bool:
        """Whether nothing besides the fault was changed, as far as is known."""
        checks = self.report.checks if self.report else ()
        return not any(one.id == AS_IT_WAS and one.verdict is Verdict.FAILED for one in checks)

    @property
    def holds(self) -> bool:
        """Whether what the lab itself asks for holds, as far as is known."""
        checks = self.report.checks if self.report else ()
        return not any(one.verdict in (Verdict.FAILED, Verdict.BLOCKED) for one in checks if one.id != AS_IT_WAS)


def judge(lab: Lab, checker: Path, host: LabHost, repair: Repair, fresh: LabHost) -> Judgement:
    """Look at a repair. `fresh`: a lab host that has not been started, for symptoms of the next boot."""
    fault = repair.fault
    assert fault is not None
    if seen := left(host, fault.symptoms, fresh):
        return Judgement(seen)
    with opened(lab, host) as (reader, events):
        checks = repaired(lab, checker, (*repair.granted, *fault.yours))
        report = run_checks(checks, restartable(reader, fault.forbids), lab, events=events)
    if not fault.forbids or report.verdict is not Verdict.PASSED:
        return Judgement((), report)
    now = forbidden_aspects(objects_of(pictures(host)[1]), fault.forbids)
    return Judgement((), report, now != repair.handed_over)


def repaired(lab: Lab, checker: Path, granted: Sequence[str]) -> CheckSet:
    """The checks of the lab, and the guard, which grants what the fault has changed, too."""
    return guarded(load_checks(checker), lab.tasks, (*lab.yours, *granted))


def changed_by_the_fault(before: Objects, after: Objects) -> tuple[str, ...]:
    """What is not as it was in the solved state, as a lab's `yours`: whole objects, or aspects of one."""
    return tuple(f"{one.name}: {one.aspect}" if one.aspect else one.name for one in changes(before, after))


def forbidden_aspects(objects: Objects, forbids: Sequence[str]) -> dict[str, Aspects]:
    """What the ticket forbids to touch, as it is among `objects` (of a picture); by the header's words."""
    return {text: _covered(objects, declared(text)) for text in forbids}


def _covered(objects: Objects, grant: Grant) -> Aspects:
    found = {
        f"{'/'.join(key)} {aspect}": value
        for (noun, key), aspects in objects.items()
        for aspect, value in aspects.items()
        if grant.covers(noun, key, aspect)
    }
    plain: Aspects = json.loads(json.dumps(found))
    return plain


def restartable(reader: Any, forbids: Sequence[str]) -> Any:
    """The reader, to which a guest that was restarted is as it was: a lab may forbid that, its repair need not."""
    kept = {grant.name for one in forbids if (grant := declared(one)).noun == "domain" and grant.words in _RUNNING_ON}
    return _Restartable(reader, kept)


class _Restartable:
    """Passes everything on, but for which qemu a domain runs in and how often it has booted: of these it knows nothing,
    at the start as now. A check that asks for no more than them still has its answer."""

    def __init__(self, reader: Any, kept: set[str]) -> None:
        self._reader, self._kept = reader, kept

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        answer: Answer = self._reader.read(kind, key, names)
        if isinstance(answer, MissingObject) or kind not in ("start", "present") or key[:1] != ("domain",):
            return answer
        if key[1] in self._kept:
            return answer
        return {**answer, **dict.fromkeys(_RUNNING_ON, _NOTHING)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)
