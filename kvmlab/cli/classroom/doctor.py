"""kvmlab class doctor: what this computer lacks for a lab host of LAB for each student."""

from __future__ import annotations

import argparse

from kvmlab.classroom.actions import Actions
from kvmlab.classroom.children import Children
from kvmlab.classroom.folder import open_class
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.cli.verbs.doctor import put
from kvmlab.words import t


def doctor(args: argparse.Namespace, ctx: Context) -> int:
    """0 where all of them can run it here, 3 where something is in the way."""
    from kvmlab.classroom.doctor import examine
    from kvmlab.labhost.computer.doctor import Level

    lab = ctx.course.lab(args.words[0], ctx.lang)
    with open_class(args.folder) as found:
        actions = Actions(found, ctx.course, ctx.state, Children(ctx.course_dir))
        limits = found.limits
        waiting = [one for one in chosen(found, args) if actions.run(one, lab.id) is None]
    findings = list(examine(ctx.state, lab, len(waiting), limits))
    bad = any(one.level is Level.BAD for one in findings)
    if args.json:
        listed = [one.to_json() for one in findings]
        write_json({"schema": "kvmlab.class-doctor/1", "ok": not bad, "students": len(waiting), "findings": listed})
        return 3 if bad else 0
    for one in findings:
        put(one, color=ctx.color(), width=30)
    print(t("Something is in the way.") if bad else t("All of them can run here."))
    return 3 if bad else 0
