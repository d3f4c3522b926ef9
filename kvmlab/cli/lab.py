"""The lab a verb is about: its record, its lab host, and its text as it was when it was started."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from kvmlab.errors import AuthorError, CannotRun, UsageError
from kvmlab.labhost.record import RUNNING, STOPPED, Run, run_of, runs
from kvmlab.words import t

if TYPE_CHECKING:
    import argparse

    from kvmlab.cli.context import Context
    from kvmlab.course import Lab
    from kvmlab.labhost.container import LabHost
    from kvmlab.labhost.known_host import KnownLabHost
    from kvmlab.labhost.place import LabPlace
    from kvmlab.remote.host_root import HostRoot
    from kvmlab.repair.record import Repair


def lab_argument(parser: argparse.ArgumentParser) -> None:
    """The positional LAB."""
    parser.add_argument("lab", metavar="LAB", help=t("a lab, as `kvmlab list` names it"))


def chosen_id(ctx: Context, given: str | None) -> str:
    """`given` if the course has it; without one, the lab that runs, if it is the only one."""
    if given is not None:
        return ctx.course.entry(given).id
    found = list(runs(ctx.state, ctx.course))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(t("Several labs are running; say which: {labs}.", labs=", ".join(found)), "kvmlab status")
    raise UsageError(t("No lab is running; say which one you mean."), "kvmlab list")


def chosen_lab(ctx: Context, lab_id: str) -> tuple[Lab, Run | None]:
    """The lab with the values its lab host was started with, in the language now asked for."""
    run = run_of(ctx.state, ctx.course.tag, lab_id)
    return (text_of(ctx, lab_id, run) if run else ctx.course.lab(lab_id, ctx.lang, ctx.variant)), run


def say_whether_a_name_was_meant(ctx: Context, lab: Lab) -> None:
    """On standard error, where the variant asked for is nearly the name of one that the lab has, or the name of
    another lab's. Any other word is a seed, a student's own name for example, so it is not refused."""
    asked = (ctx.variant or "").partition("+")[0]
    if not asked or lab.named:
        return
    from kvmlab.nearest import nearest

    if meant := nearest(asked, lab.by_name):
        said = t("{lab} has no variant called `{name}`: names and addresses are drawn from that word. "
                 "Did you mean `--variant {meant}`?", lab=lab.id, name=asked, meant=meant)  # fmt: skip
        print(said, file=sys.stderr)
    elif others := [one.id for one in ctx.course.entries.values() if asked in one.by_name]:
        said = t("{lab} has no variant called `{name}`, which is one of {labs}: names and addresses are drawn from "
                 "that word.", lab=lab.id, name=asked, labs=", ".join(others))  # fmt: skip
        print(said, file=sys.stderr)


def text_of(ctx: Context, lab_id: str, run: Run) -> Lab:
    """The lab as it was started, in the language now asked for where its text has not changed too much since."""
    if run.compiled and run.compiled.lang == ("zh" if ctx.lang == "zh" else "en"):
        return run.compiled
    try:
        lab = ctx.course.lab(lab_id, ctx.lang, run.variant)
    except AuthorError:
        if run.compiled is None:
            raise
        return run.compiled
    same = run.compiled is None or [one.id for one in run.compiled.tasks] == [one.id for one in lab.tasks]
    return lab if same or run.compiled is None else run.compiled


class RunningLab:
    """A lab that runs. `lab` is in the language asked for, with the values it was started with."""

    def __init__(self, ctx: Context, lab_id: str, run: Run) -> None:
        self.ctx, self.lab_id, self.run = ctx, lab_id, run

    @classmethod
    def of(cls, ctx: Context, lab_id: str) -> RunningLab:
        """The lab that was started; CannotRun where none was, or where a start was cut off. Whether its lab host
        still runs is `must_run`'s to say."""
        entry = ctx.course.entry(lab_id)
        run = run_of(ctx.state, ctx.course.tag, entry.id)
        if run is None:
            raise CannotRun(t("{lab} has not been started.", lab=entry.id), f"kvmlab start {entry.id}")
        if not run.compiled or not run.instance:
            raise CannotRun(t("The record of {lab} is damaged.", lab=entry.id), f"kvmlab reset {entry.id}")
        if run.state not in (RUNNING, STOPPED):
            raise CannotRun(t("A start of {lab} was cut off.", lab=entry.id), f"kvmlab reset {entry.id}")
        return cls(ctx, entry.id, run)

    @cached_property
    def lab(self) -> Lab:
        """The text in the language asked for; the values are those it was started with."""
        return text_of(self.ctx, self.lab_id, self.run)

    @cached_property
    def host(self) -> LabHost:
        """Its lab host, with podman as this computer was found to need it."""
        from kvmlab.labhost.computer.podman_options import remembered_podman

        return self.place.host(self.run, remembered_podman(self.ctx.state))

    @contextlib.contextmanager
    def looked_at(self) -> Iterator[None]:
        """For looking at its lab host: where that fails because the host is gone, CannotRun says so."""
        try:
            yield
        except CannotRun:
            self.must_run()
            raise

    def must_run(self) -> None:
        """CannotRun where its lab host does not run any more: the computer was switched off, it was killed, or
        somebody typed `reboot` on it. podman is asked only where the record does not tell."""
        from kvmlab.process import has_ended

        if has_ended(self.run.init) is False:
            return
        from kvmlab.labhost.container import Condition
        from kvmlab.labhost.place import LabHostStopped

        condition = self.host.condition()
        if condition is Condition.STOPPED:
            raise LabHostStopped(self.lab_id) from None
        if condition is Condition.GONE:
            message = t("The lab host of {lab} no longer runs.", lab=self.lab_id)
            raise CannotRun(message, f"kvmlab reset {self.lab_id}") from None

    @cached_property
    def known_host(self) -> KnownLabHost:
        """Its lab host, as far as looking at it needs: without podman."""
        return self.place.known_host(self.run)

    @cached_property
    def repair(self) -> Repair | None:
        """What is to be mended on it; None where it is a lab as any other. CannotRun where hiding it was cut off."""
        return repair_of(self.known_host)

    @property
    def root(self) -> HostRoot:
        """The root directory of its lab host, seen from outside."""
        return self.known_host.root

    @property
    def place(self) -> LabPlace:
        """Where it runs."""
        return place_of(self.ctx, self.lab_id)


def repair_of(host: KnownLabHost) -> Repair | None:
    """The repair on a lab host; None where it is a lab as any other. CannotRun where hiding it was cut off."""
    if not host.is_repair:
        return None
    from kvmlab.repair.record import HIDING, recall

    repair = recall(host)
    if repair is not None and repair.state == HIDING:
        lab = host.label.rpartition(".")[2]
        raise CannotRun(t("The beginning of a repair of {lab} was cut off.", lab=lab), f"kvmlab finish {lab}")
    return repair


def place_of(ctx: Context, lab_id: str) -> LabPlace:
    """The place of a lab of the catalogue (UsageError for another)."""
    from kvmlab.labhost.place import LabPlace

    return LabPlace(ctx.state, ctx.course.tag, ctx.course.entry(lab_id).id)
