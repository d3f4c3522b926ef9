"""kvmlab class place: on which class server each student's lab hosts are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.children import Children, each
from kvmlab.classroom.folder import Class, open_class
from kvmlab.classroom.gradebook.records import ServerPlace
from kvmlab.classroom.machines.inventory import Machine, read_inventory
from kvmlab.classroom.machines.remote import WIDTH, room_of
from kvmlab.classroom.machines.servers import Room, placed, server_of
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.locks import nobody_acts
from kvmlab.cli.classroom.rows import Rows
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.errors import CouldNotLook, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.report.plain import TextPage
from kvmlab.words import t

Places = dict[str, ServerPlace]
Fresh = dict[str, ServerPlace | None]
ANSWER_S = 30
"""How long a server has to say what room it has, where nothing else is said."""


def place(args: argparse.Namespace, ctx: Context) -> int:
    """A row for each server, then one for each student; 3 where a server could not be asked, or there is no room."""
    if bool(args.inventory) == args.here:
        said = t("--inventory says which servers there are, or --here that it is this computer.")
        raise UsageError(said, "kvmlab class place --inventory FILE")
    if args.here and args.anew:
        raise UsageError(t("--here takes them back, so --anew says nothing."), "kvmlab class place --here")
    with open_class(args.folder) as found, ExitStack() as stack:
        if not args.dry_run:
            stack.enter_context(nobody_acts(found, ctx))
        students, page = chosen(found, args), TextPage(color=ctx.color())
        if args.here:
            return _here(args, found, students, Rows(page, students))
        inventory, places = read_inventory(args.inventory), found.book.places()
        _must_be_servers(args.anew or (), places)
        rooms, worst = _rooms(args, ctx, inventory, places, page)
        own = {one.id: t("{host} is theirs alone", host=one.host) for one in students if one.host in inventory}
        own |= {one.id: said for one in students if one.id not in places and (said := _runs_here(found, ctx, one))}
        fresh = placed([one.id for one in students if one.id not in own], rooms, places, args.anew or ())
        if not args.dry_run:
            found.book.put_places({student: there for student, there in fresh.items() if there})
            killpoint("class.placed")
        rows = Rows(page, students)
        for student in students:
            said, status = _told(student, own, places, fresh, dry=args.dry_run)
            rows.put(student, said, status)
            worst = max(worst, status or 0)
        return worst


def _here(args: argparse.Namespace, found: Class, students: Sequence[Student], rows: Rows) -> int:
    """Take them back."""
    places = found.book.places()
    if not args.dry_run:
        found.book.put_places({one.id: None for one in students})
    for student in students:
        there = places.get(student.id)
        left = t("on this computer; what they had on {server} stays there", server=there.server) if there else ""
        rows.put(student, left or t("on this computer"), None if args.dry_run else 0)
    return 0


def _must_be_servers(names: Sequence[str], places: Places) -> None:
    known = {one.server for one in places.values()}
    for name in names:
        if name not in known:
            from kvmlab.safe_text import shown

            raise UsageError(t("Nobody is placed on `{name}`.", name=shown(name)), "kvmlab class status")


def _rooms(
    args: argparse.Namespace,
    ctx: Context,
    inventory: dict[str, Machine],
    places: Places,
    page: TextPage,
) -> tuple[dict[str, Room], int]:
    """What room each has, a row for each; those that are left are not asked."""
    children, rooms, worst = Children(ctx.course_dir), dict[str, Room](), 0
    rows = Rows(page, [Student(name) for name in inventory])
    asked = [one for one in inventory.values() if one.name not in (args.anew or ())]

    def look(machine: Machine) -> Room | str:
        server = server_of(inventory, machine.name)
        try:
            return server if isinstance(server, str) else room_of(server, children, args.deadline or ANSWER_S)
        except CouldNotLook as trouble:
            return trouble.message

    for machine, room in each(asked, look, children, WIDTH):
        if isinstance(room, str):
            rows.put(Student(machine.name), room, 3)
            worst = 3
            continue
        rooms[machine.name] = room
        there = sum(one.server == machine.name for one in places.values())
        values = {"free": room.free_mib, "all": room.memory_mib, "processors": room.processors, "there": there}
        said = t("{free} of {all} MiB free, {processors} processors, {there} students", **values)
        rows.put(Student(machine.name), said, 0)
    return rooms, worst


def _runs_here(found: Class, ctx: Context, student: Student) -> str:
    """Why a student cannot be placed elsewhere: they would have two lab hosts."""
    labs = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir)).runs(student)
    return t("{labs} runs on this computer; finish it first", labs=", ".join(labs)) if labs else ""


def _told(
    student: Student,
    own: dict[str, str],
    places: Places,
    fresh: Fresh,
    *,
    dry: bool,
) -> tuple[str, int | None]:
    """A student's row, and its status."""
    if student.id in own:
        return own[student.id], 0 if student.host and student.id not in places else 3
    before, now = places.get(student.id), fresh.get(student.id)
    if student.id not in fresh:
        return (before.server if before else ""), None
    if now is None:
        return t("no server has room"), 3
    if before:
        said = t("{server}; what they had on {before} stays there", server=now.server, before=before.server)
        return said, None if dry else 0
    return now.server, None if dry else 0
