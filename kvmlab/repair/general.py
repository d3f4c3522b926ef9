"""General faults: a mutant that a colleague may have caused, with a ticket made from what really no longer works.

Probes (a guest can be entered, a colleague gets an answer, a pool's volumes are listed …) are tried in the solved
state; those that have passed there and fail once the mutant is made are the symptoms. One after which none fails, or
every check of the lab passes, is undone, and the next is drawn. Texts are in general.toml, in both languages.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.checks.vocabulary.start import see
from kvmlab.course.fault.model import Fault, Story, Symptom
from kvmlab.course.lab.fences import Step
from kvmlab.errors import CannotRun
from kvmlab.grading.verdicts import Verdict
from kvmlab.host.start.aspects import Objects, objects_of
from kvmlab.labhost.steps import run_step
from kvmlab.liveness import Silence
from kvmlab.mutants.library import mutants_of
from kvmlab.mutants.reader import Noting, things
from kvmlab.mutants.scene import SceneDomain, ScenePool
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.repair.changes import Changed, changes
from kvmlab.repair.probes import follows, probes_of
from kvmlab.repair.steps import carry_out
from kvmlab.repair.symptoms import asked
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.start_record import pictures
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.labhost.container import LabHost
    from kvmlab.mutants.mutator import Mutant, Named
    from kvmlab.repair.beginning import Beginning

PREFIX = "general: "
TRIES = 8
LANGUAGES = ("en", "zh")
MORE_S, MORE_TIMES = 5.0, 2.0
"""How much longer than in the solved state a probe is waited for: seconds, and times what it has taken there."""
MOST_ROWS, LONGEST = 6, 160
NOTES = ("/root/.kvmlab-kept", "/var/tmp/.kvmlab-routes")
"""What mutators write down for their undoing, in a guest and on the host: removed once a fault is to stay."""


class FaultKind(NamedTuple):
    """A mutator that is offered: its level, and what it is called afterwards, by language."""

    level: int
    titles: Mapping[str, str]


class Offered(NamedTuple):
    """A mutant of this lab host that may be hidden. `thing`: as the mutant names it; `kind`: of that."""

    mutant: Mutant
    kind: str
    thing: str
    told: FaultKind

    @property
    def id(self) -> str:
        """Of the fault that it makes."""
        return PREFIX + self.mutant.name


class Passing(NamedTuple):
    """Probes that have passed in the solved state, and for how many seconds each is waited for once it is broken."""

    probes: list[Symptom]
    waits: Mapping[str, float]


@cache
def texts() -> dict[str, Any]:
    """general.toml."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def kinds() -> dict[tuple[str, str], FaultKind]:
    """The mutators that are offered, by kind of object and change."""
    rows = texts()["mutant"]
    return {
        (one["kind"], one["change"]): FaultKind(one["level"], {lang: one[lang] for lang in LANGUAGES}) for one in rows
    }


def serves(lab: Lab) -> bool:
    """Whether there may be anything for a general fault on its lab host: libvirt, from the start."""
    return lab.host == "full" and bool(lab.guests or lab.networks or lab.pools)


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
        stories = {lang: _story(lang, one, symptoms, solved, broken) for lang in LANGUAGES}
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


def offered_of(found: Sequence[Named], lab: Lab) -> list[Offered]:
    """What may be hidden on a lab host with these objects: offered, caught by the lab, and without a trace of ours."""
    from fnmatch import fnmatchcase

    offered, known = [], kinds()
    for mutant in mutants_of(found):
        what, _, change = mutant.name.partition(": ")
        kind, _, thing = what.partition(" ")
        told = known.get((kind, change))
        traces = "kvmlab" in _without(mutant.change.do, "KVMLAB-XML", *NOTES)
        survives = any(fnmatchcase(mutant.name, one.mutant) for one in lab.survivors)
        idle = kind == "file" and not used_at_all(thing, found)
        if told is not None and not traces and not survives and not idle:
            offered.append(Offered(mutant, kind, thing, told))
    return offered


def used_at_all(path: str, found: Sequence[Named]) -> bool:
    """Whether anything of libvirt may need the file: a pool that names it, or a guest, whose disks may stand on it."""
    return any(
        isinstance(one, SceneDomain) or (isinstance(one, ScenePool) and f">{path}<" in one.stored) for one in found
    )


def _story(lang: str, one: Offered, symptoms: Sequence[Symptom], solved: Objects, broken: Objects) -> Story:
    said = texts()
    hint, number = said["hint"], LANGUAGES.index(lang)
    title = one.told.titles[lang].format(thing=f"`{one.thing}`")
    title = title[0].upper() + title[1:]
    upcoming = symptoms[0].upcoming
    opening = said["ticket"][f"upcoming_{lang}" if upcoming else lang]
    ticket = [opening, *(_probe(lang, symptom) for symptom in symptoms)]
    changed = list(changes(solved, broken))
    rows = [_row(lang, one) for one in changed[:MOST_ROWS]]
    told = [hint[f"story_{lang}"].format(title=title), *rows] if rows else [f"{title}."]
    hints = [hint[f"layer_{lang}"].format(layer=said["layer"][one.kind][number], command=said["layer"][one.kind][2])]
    hints += [hint[f"object_{lang}"].format(object=f"`{one.thing}`")]
    hints += [hint[f"see_{lang}"].format(see=see(*changed[0][:3]))] if changed else []
    hints += [hint[f"change_{lang}"].format(title=title)]
    done = "\n".join(line for line in one.mutant.change.do.splitlines() if _is_told(line))
    done = f"{hint[f'done_{lang}']}\n\n```\n{done}\n```" if done.count("\n") < 6 else ""
    return Story(title, "\n\n".join(ticket), tuple(hints), "\n\n".join(["\n".join(told), *([done] if done else [])]))


def _kind_and_change(name: str) -> tuple[str, str]:
    """Of the id of a general fault: "pool", "stopped"."""
    what, _, change = name.removeprefix(PREFIX).partition(": ")
    return what.partition(" ")[0], change


def _without(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text.lower()


def _is_told(line: str) -> bool:
    """Whether a line of a mutant changes what it is about."""
    return not any(note in line for note in NOTES) and not line.startswith(("test ", "grep -q "))


def _probe(lang: str, symptom: Symptom) -> str:
    kind, _, name = symptom.id.partition(" ")
    text: str = texts()["probe"][kind][lang]
    return text.format(name=name)


def _row(lang: str, one: Changed) -> str:
    hint, name, shown_by = texts()["hint"], one.name.replace(" ", " `", 1) + "`", see(one.noun, one.key, one.aspect)
    if not one.aspect:
        return str(hint[f"gone_{lang}"].format(object=name, see=shown_by))
    before, after = _short(one.before), _short(one.after)
    row = hint[f"row_{lang}"].format(object=name, aspect=one.aspect, before=before, after=after, see=shown_by)
    return str(row)


def _short(value: object) -> str:
    text = " ".join(str("-" if value in (None, "", []) else value).split()).replace("`", "'")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
