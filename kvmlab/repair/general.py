"""General faults: a mutant that a colleague may have caused, with a ticket made from what really no longer works.

Probes (a guest can be entered, a colleague gets an answer, a pool's volumes are listed …) are tried in the solved
state; those that have passed there and fail once the mutant is made are the symptoms. One after which none fails, or
every check of the lab passes, is undone, and the next is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kvmlab.course.fault.model import Fault, Symptom
from kvmlab.course.lab.fences import Step
from kvmlab.errors import CannotRun
from kvmlab.grading.verdicts import Verdict
from kvmlab.host.start.aspects import objects_of
from kvmlab.labhost.steps import run_step
from kvmlab.liveness import Silence
from kvmlab.mutants.reader import Noting, things
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.repair.general_kinds import LANGUAGES, NOTES, PREFIX, Offered, offered_of
from kvmlab.repair.general_story import story_of
from kvmlab.repair.probes import follows, probes_of
from kvmlab.repair.steps import carry_out
from kvmlab.repair.symptoms import asked
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.start_record import pictures
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost
    from kvmlab.repair.beginning import Beginning

TRIES = 8
MORE_S, MORE_TIMES = 5.0, 2.0
"""How much longer than in the solved state a probe is waited for: seconds, and times what it has taken there."""


class Passing(NamedTuple):
    """Probes that have passed in the solved state, and for how many seconds each is waited for once it is broken."""

    probes: list[Symptom]
    waits: Mapping[str, float]


class Drawing:
    """Draws a general fault for a solved lab host, and leaves it broken. `wanted`: the id of one, or "" for any;
    `shown`: the ids of those that were seen to show in this lab, and only they are drawn; None where that is not known.
    """

    def __init__(
        self,
        beginning: Beginning,
        seed: str = "",
        level: int = 0,
        wanted: str = "",
        shown: Collection[str] | None = None,
    ) -> None:
        self.beginning, self.seed, self.level, self.wanted, self.shown = beginning, seed, level, wanted, shown
        self._next: Passing | None = None

    @cached_property
    def _scene(self) -> tuple[list[Offered], list[Symptom]]:
        """What may be hidden, and every probe."""
        lab, host = self.beginning.lab, self.beginning.host
        with opened(lab, host) as (reader, _), connected(host.root, Silence(30)) as connection:
            noting = Noting(reader)
            run_checks(checks_of(lab, self.beginning.checker), noting, lab)
            found = things(noting, connection, lab)
            return offered_of(found, lab), list({one.id: one for one in probes_of(found, lab)}.values())

    def look_again(self) -> None:
        """See the objects of the lab host anew: a guest that was started again has another tap."""
        self.__dict__.pop("_scene", None)

    @property
    def offered(self) -> list[Offered]:
        """What may be hidden on this lab host, in a fixed order."""
        return self._scene[0]

    def fault(self, fresh: LabHost) -> Fault:
        """Break it, and say what that was. CannotRun where nothing offered shows."""
        for one in self.in_turn(self.offered)[:TRIES]:
            if made := self.hidden(one, fresh):
                carry_out(self.beginning.host, [replace(made.breaks[0], code=f"rm -f {' '.join(NOTES)}")])
                return made
        message = t("No general fault shows on the lab host of {lab}.", lab=self.beginning.lab.id)
        raise CannotRun(message, "kvmlab repair")

    def in_turn(self, offered: Sequence[Offered]) -> list[Offered]:
        """Those that may be drawn, as the seed has them. A thing may have another name here (in a variant, or by a MAC
        address that libvirt has drawn): then it is told by its kind, and the change."""
        if self.wanted:
            return [one for one in offered if one.id == self.wanted]
        fitting = [one for one in offered if self.level in (0, one.told.level)]
        if self.shown is not None:
            elsewhere = {_kind_and_change(one) for one in {*self.shown} - {one.id for one in offered}}
            fitting = [one for one in fitting if one.id in self.shown or _kind_and_change(one.id) in elsewhere]
        return random.Random(f"general {self.seed}").sample(fitting, len(fitting))

    def hidden(self, one: Offered, fresh: LabHost) -> Fault | None:
        """The fault, its symptoms being the probes that fail now; None where it does not show, and is undone."""
        probes, waits = self._passing_next(fresh) if one.told.level == 2 else self._passing
        name, change, host = one.id.removeprefix(PREFIX), one.mutant.change, self.beginning.host
        step, undo = (Step(name, change.guest or None, code, False, "", 0) for code in (change.do, change.undo))
        try:
            carry_out(host, [step])
        except CannotRun:
            self.undo(undo)
            return None
        seen = [name for name, answer in asked(host, probes, fresh, waits).items() if answer.seen]
        symptoms = tuple(probe for probe in probes if probe.id in seen and not follows(probe, seen))
        if not symptoms or self.beginning.report().verdict is Verdict.PASSED:
            self.undo(undo)
            return None
        solved, broken = (objects_of(picture) for picture in pictures(host))
        stories = {lang: story_of(lang, one, symptoms, solved, broken) for lang in LANGUAGES}
        return Fault(one.id, one.told.level, stories, symptoms, (step,), (undo,))

    @cached_property
    def _passing(self) -> Passing:
        """The probes that pass in the solved state."""
        return self._tried([one for one in self._scene[1] if not one.upcoming], None)

    def _passing_next(self, fresh: LabHost) -> Passing:
        """Likewise in a copy of its next boot; what does not pass now is not waited for there."""
        if self._next is None:
            probes = [*self._passing.probes, *(one for one in self._scene[1] if one.upcoming)]
            self._next = self._tried([one._replace(upcoming=True) for one in probes], fresh)
        return self._next

    def _tried(self, probes: Sequence[Symptom], fresh: LabHost | None) -> Passing:
        """Those of them that pass. CannotRun where none does."""
        found = asked(self.beginning.host, probes, fresh)
        waits = {name: MORE_S + MORE_TIMES * one.seconds for name, one in found.items() if not one.seen}
        if not waits:
            lab = self.beginning.lab.id
            message = t("Nothing of what works on the lab host of {lab} could be seen.", lab=lab)
            raise CannotRun(message, "kvmlab doctor")
        return Passing([one for one in probes if one.id in waits], waits)

    def undo(self, step: Step) -> None:
        """Take it back; CannotRun where the solved state does not come again."""
        run_step(self.beginning.host, step)
        self.beginning.must_pass()


def _kind_and_change(name: str) -> tuple[str, str]:
    """Of the id of a general fault: "pool", "stopped"."""
    what, _, change = name.removeprefix(PREFIX).partition(": ")
    return what.partition(" ")[0], change
