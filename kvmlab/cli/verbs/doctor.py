"""kvmlab doctor: whether this computer can run labs; each finding, and what to do about it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.cli.output import write_json
from kvmlab.report.cells import fit
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.computer.doctor import DoctorFinding

_MARKS = {"good": ("✓", "32"), "slow": ("!", "33"), "bad": ("✗", "31"), "unknown": ("?", "36")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 when labs can run here, 3 when something is in the way."""
    from kvmlab.images import built_guest_disk, built_host_image
    from kvmlab.labhost.computer.doctor import Level, examine
    from kvmlab.labhost.podman import Podman

    findings = []
    for finding in examine(ctx.state, built_host_image(ctx.state, Podman()), built_guest_disk(ctx.state, "small")):
        findings.append(finding)
        if not args.json:
            put(finding, color=ctx.color())
    bad = any(finding.level is Level.BAD for finding in findings)
    if args.json:
        write_json({"schema": "kvmlab.doctor/1", "ok": not bad, "findings": [f.to_json() for f in findings]})
    else:
        print(t("Something is in the way of labs on this computer.") if bad else t("Labs can run on this computer."))
    return 3 if bad else 0


def put(finding: DoctorFinding, *, color: bool, width: int = 18) -> None:
    """One finding, and below it what helps."""
    mark, colour = _MARKS[finding.level.value]
    shown = f"\x1b[{colour}m{mark}\x1b[0m" if color else mark
    print(f"{shown} {fit(finding.name, width)} {finding.seen}", flush=True)
    if finding.todo:
        print(f"  {'':<{width}} → {finding.todo}")
