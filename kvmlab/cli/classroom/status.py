"""kvmlab class status: what runs for each student, and how far they were when they were last checked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.children import Children
from kvmlab.classroom.folder import open_class
from kvmlab.classroom.results import gradable
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.classroom.students import chosen, left_behind
from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.cli.student import state_word
from kvmlab.labhost.orphans import running_containers
from kvmlab.repair.record import lab_graded
from kvmlab.report.plain import TextPage
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.together import Held


def status(args: argparse.Namespace, ctx: Context) -> int:
    """What runs for each, and the last attempt at each lab; nothing is looked at."""
    with open_class(args.folder) as found:
        left = left_behind(found, ctx)
        students = chosen(found, args, left)
        actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
        last = {(one.attempt.student, one.attempt.lab): one for one in found.book.results(ctx.course.tag)}
        table = [(one, list(_labs(actions, one, last)), actions.together(one)) for one in students]
        running = running_containers("kvmlab-")
        strays = {one.id: actions.strays(one, running) for one in students}
        servers = {student: place.server for student, place in found.book.places().items()}
    if args.json:
        listed = [
            {"id": one.id, "name": one.name, "group": one.group, "server": servers.get(one.id), "labs": labs,
             "strays": strays[one.id],
             "together": together._asdict() if together else None}
            for one, labs, together in table
        ]  # fmt: skip
        return write_json({"schema": "kvmlab.class-status/1", "students": listed})
    rows = Rows(TextPage(color=ctx.color()), students)
    for student, labs, together in table:
        said_together = [_told_together(together)] if together else []
        there = t("on {server}", server=servers[student.id]) if student.id in servers else ""
        lost = [
            t("{lab}: a lab host that no record tells of; kvmlab class finish", lab=one) for one in strays[student.id]
        ]
        for said in [*(_told(lab, there) for lab in labs), *lost, *said_together] or [there or t("nothing yet")]:
            rows.put(student, t("{said} (in the class no more)", said=said) if student in left else said)
    return 0


def _labs(actions: Actions, student: Student, last: dict[tuple[str, str], Any]) -> Iterator[dict[str, Any]]:
    """Each lab that runs for a student, or was checked."""
    runs = actions.runs(student)
    for lab in gradable(actions.course):
        graded, run = last.get((student.id, lab)), runs.get(lab_graded(lab))
        if run and actions.name_of(student, run) != lab:
            run = None
        if graded is None and run is None:
            continue
        yield {
            "lab": lab,
            "state": run.state if run else None,
            "started": run.started if run else None,
            "checked": graded.attempt.taken if graded else None,
            "verdict": graded.grading.verdict if graded else None,
            "points": graded.grading.points if graded and not graded.grading.unseen else None,
            "max_points": graded.grading.max_points if graded else _points(actions, student, lab),
        }


def _points(actions: Actions, student: Student, lab: str) -> int:
    repair = None if lab_graded(lab) == lab else actions.repair_on(student, lab_graded(lab))
    return repair.max_points if repair else actions.course.entry(lab_graded(lab)).points


def _told(lab: dict[str, Any], there: str) -> str:
    """One line about a student's lab; `there`: the server that it may run on, which is not asked."""
    state = state_word(lab["state"]) if lab["state"] else there or t("not running")
    if not lab["checked"]:
        return t("{lab}: {state}, not checked yet", lab=lab["lab"], state=state)
    points = "?" if lab["points"] is None else lab["points"]
    values = {"points": points, "most": lab["max_points"], "when": lab["checked"].replace("T", " ").rstrip("Z")}
    return t("{lab}: {state}, {points}/{most} at {when} UTC", lab=lab["lab"], state=state, **values)


def _told_together(held: Held) -> str:
    """One line about what a student's lab hosts take, of what they may."""
    memory = _of(held.memory_mib, held.most_memory_mib)
    values = {"memory": memory, "processes": _of(held.processes, held.most_processes), "weight": held.cpu_weight or "?"}
    return t("together: {memory} MiB, {processes} processes, weight {weight}", **values)


def _of(now: int, most: int | None) -> str:
    return f"{now}/{most}" if most else str(now)
