"""--dry-run: what an action would do for each student, who are not touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.student import state_word
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.classroom.gradebook.records import ServerPlace
    from kvmlab.classroom.machines.remote import Machines
    from kvmlab.labhost.record import Run

    Acting = Actions | Machines


def elsewhere(place: ServerPlace) -> str:
    """Why nothing is done here for a student who is placed on a class server."""
    return t("is placed on {server}: --inventory FILE leads there", server=place.server)


def foretell(
    verb: str, actions: Acting, students: list[Student], lab: str | None, rows: Rows, places: Mapping[str, ServerPlace]
) -> int:
    """A row for each: what would be done, and thrown away."""
    for student in students:
        if student.id in places:
            rows.put(student, elsewhere(places[student.id]), 3)
            continue
        if not isinstance(actions, Actions):
            where = actions.where(student)
            said = where if isinstance(where, str) else f"{where.name}: kvmlab {verb} {lab}"
            rows.put(student, said)
            continue
        runs = actions.runs(student)
        there = {lab: runs[lab]} if lab in runs else {} if lab else runs
        rows.put(student, _would(verb, lab, there))
    return 0


def _would(verb: str, lab: str | None, there: dict[str, Run]) -> str:
    known = ", ".join(f"{name} ({state_word(run.state)})" for name, run in there.items())
    if verb == "exam end":
        return t("would hand in {labs}", labs=known) if there else t("nothing runs")
    if verb == "repair" and not there:
        return t("would start {lab}, and break something there", lab=lab)
    if verb in ("start", "exam begin", "repair"):
        return t("there already: {labs}", labs=known) if there else t("would start {lab}", lab=lab)
    if verb == "check":
        return t("would look at {labs}", labs=known) if there else t("not started: could not look")
    if verb == "reset" and lab and not there:
        return t("would start {lab}", lab=lab)
    return t("would throw away: {labs}", labs=known) if there else t("nothing runs")
