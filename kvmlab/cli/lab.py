"""The lab a verb is about: its record, its lab host, and its text as it was when it was started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.errors import CannotRun
from kvmlab.words import t

if TYPE_CHECKING:
    import argparse

    from kvmlab.course import Lab
    from kvmlab.labhost.container import LabHost
    from kvmlab.labhost.record import Run
    from kvmlab.remote.host_root import HostRoot
    from kvmlab.setup.place import Place


def lab_argument(parser: argparse.ArgumentParser) -> None:
    """The positional LAB."""
    parser.add_argument("lab", metavar="LAB", help=t("a lab, as `kvmlab list` names it"))


@dataclass(frozen=True)
class RunningLab:
    """A lab that runs. `lab` is in the language asked for, with the values it was started with."""

    ctx: Context
    lab_id: str
    run: Run

    @classmethod
    def of(cls, ctx: Context, lab_id: str) -> RunningLab:
        """The lab that was started; CannotRun where none was, or where a start was cut off. Whether its lab host
        still runs is `must_run`'s to say."""
        from kvmlab.labhost.record import RUNNING, STOPPED, run_of

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
        from kvmlab.cli.chosen import chosen_lab

        return chosen_lab(self.ctx, self.lab_id)[0]

    @cached_property
    def host(self) -> LabHost:
        """Its lab host, with podman as this computer was found to need it."""
        from kvmlab.labhost.computer.podman_options import remembered_podman
        from kvmlab.setup.lifecycle import host_of

        return host_of(self.place, self.run, remembered_podman(self.ctx.state))

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
        from kvmlab.labhost.container import Condition
        from kvmlab.process import has_ended
        from kvmlab.setup.lifecycle import Stopped

        ended = has_ended(self.run.init)
        condition = Condition.RUNNING if ended is False else self.host.condition()
        if condition is Condition.STOPPED:
            raise Stopped(self.lab_id) from None
        if condition is Condition.GONE:
            message = t("The lab host of {lab} no longer runs.", lab=self.lab_id)
            raise CannotRun(message, f"kvmlab reset {self.lab_id}") from None

    @property
    def root(self) -> HostRoot:
        """The root directory of its lab host, seen from outside."""
        return self.host.root

    @property
    def place(self) -> Place:
        """Where it runs."""
        return place_of(self.ctx, self.lab_id)


def place_of(ctx: Context, lab_id: str) -> Place:
    """The place of a lab of the catalogue (UsageError for another)."""
    from kvmlab.setup.place import Place

    return Place(ctx.state, ctx.course.tag, ctx.course.entry(lab_id).id)
