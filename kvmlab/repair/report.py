"""A look at a repair as a report, in the form of `kvmlab check --json`: for a class's gradebook.

It says what its student is told: which symptoms are left, and whether all else is as it is to be. It never tells the
cause, for pages are made of it while others are still at work on the same fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kvmlab.repair.record import MENDED, Repair, graded_as
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course.fault.model import Fault, Symptom
    from kvmlab.repair.judging import Judgement

TASK, WHOLE = "repair", "all-else"
UNSEEN = ("error", "blocked")
_VERDICTS = {True: "failed", False: "passed", None: "blocked"}


def report_of(lab: str, variant: str | None, repair: Repair, found: Judgement | None) -> Mapping[str, Any]:
    """The document; `found` None: the repair is over, and nothing was looked at."""
    assert repair.fault is not None
    checks = [_ended(repair)] if found is None else list(_looked(repair.fault, found))
    verdicts = {one["verdict"] for one in checks}
    verdict = next((one for one in ("failed", *UNSEEN) if one in verdicts), "passed")
    points = {"points": repair.points, "max_points": repair.max_points}
    task = {"id": TASK, "title": t("a repair"), "verdict": verdict, **points, "checks": checks}
    head = {"schema": "kvmlab.check/1", "lab": graded_as(lab), "variant": variant, "verdict": verdict}
    return {**head, "seconds": round(repair.seconds, 1), **points, "tasks": [task]}


def _looked(fault: Fault, found: Judgement) -> Iterator[dict[str, Any]]:
    """A check a symptom, and one for all else; it waits while a symptom is left, as those of the next boot do."""
    for one in fault.symptoms:
        yield _check(one.id, _sentence(one), _VERDICTS[found.shows(one)])
    verdict = "blocked" if found.left else found.verdict.value
    trouble = t("Not everything could be looked at.") if verdict == "error" else None
    yield _check(WHOLE, t("Everything else is as it is to be, now and at the next start."), verdict, trouble)


def _ended(repair: Repair) -> dict[str, Any]:
    mended = repair.state == MENDED
    return _check("ended", t("mended") if mended else t("given up"), "passed" if mended else "failed")


def _check(name: str, sentence: str, verdict: str, trouble: str | None = None) -> dict[str, Any]:
    return {"id": name, "sentence": sentence, "verdict": verdict, "blocked_by": [], "error": trouble, "findings": []}


def _sentence(one: Symptom) -> str:
    command = " ".join(one.code.split())
    return f"{whose_prompt(one)}$ {command}"


def whose_prompt(one: Symptom) -> str:
    """What stands before the `$` of its command: where it is run, or "" on the host."""
    where = one.guest or {"host": "", "peer": t("a colleague's computer"), "gateway": t("the gateway")}[one.place]
    return f"[{where}] " if where else ""
