"""A repair as JSON: kvmlab.repair/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kvmlab.cli.lab import RunningLab
    from kvmlab.course.fault.model import Fault, Symptom
    from kvmlab.repair.judging import Judgement
    from kvmlab.repair.record import Repair

SCHEMA = "kvmlab.repair/1"


def fault_of(repair: Repair) -> Fault:
    """Its fault; there is one once it has begun."""
    assert repair.fault is not None
    return repair.fault


def document(running: RunningLab, repair: Repair, found: Judgement | None = None) -> dict[str, Any]:
    """Its ticket and how far it is; `found`: what a look has come to; its cause once it is over."""
    fault = fault_of(repair)
    story = fault.story(running.ctx.lang)
    shown: dict[str, Any] = {
        "schema": SCHEMA,
        "lab": running.lab_id,
        "variant": running.run.variant,
        "level": fault.level,
        "seed": repair.seed,
        "state": repair.state,
        "ticket": story.ticket,
        "symptoms": [_symptom_json(one, found) for one in fault.symptoms],
        "seconds": int(repair.seconds),
        "hints": repair.hints,
        "points": repair.points,
        "max_points": repair.max_points,
    }
    if found is not None:
        shown["verdict"] = found.verdict.value
    if repair.over:
        shown |= {"fault": fault.id, "title": story.title, "story": story.story}
    return shown


def _symptom_json(one: Symptom, found: Judgement | None) -> dict[str, Any]:
    where = {"guest": one.guest or None, "from": one.place, "upcoming": one.upcoming}
    return {"id": one.id, "command": one.code, **where, "left": found.shows(one) if found else None}
