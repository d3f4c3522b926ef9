"""General faults: a mutant that a colleague may have caused, with a ticket made from what really no longer works.

Probes (a guest can be entered, a colleague gets an answer, a pool's volumes are listed …) are tried in the solved
state; those that have passed there and fail once the mutant is made are the symptoms. One after which none fails, or
every check of the lab passes, is undone, and the next is drawn. Texts are in general.toml, in both languages.
"""

from __future__ import annotations

import contextlib
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from shlex import quote
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
from kvmlab.mutants.scene import Domain, Network, Noting, Pool, things
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.repair.steps import carry_out
from kvmlab.repair.symptoms import left
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
MOST_ROWS, LONGEST = 6, 160
SSH = "timeout 30 ssh -n -o BatchMode=yes"


class Kind(NamedTuple):
    """A mutator that is offered: its level, and what it is called afterwards, by language."""

    level: int
    titles: Mapping[str, str]


class Offered(NamedTuple):
    """A mutant of this lab host that may be hidden. `thing`: as the mutant names it; `kind`: of that."""

    mutant: Mutant
    kind: str
    thing: str
    told: Kind

    @property
    def id(self) -> str:
        """Of the fault that it makes."""
        return PREFIX + self.mutant.name


@cache
def texts() -> dict[str, Any]:
    """general.toml."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def kinds() -> dict[tuple[str, str], Kind]:
    """The mutators that are offered, by kind of object and change."""
    rows = texts()["mutant"]
    return {(one["kind"], one["change"]): Kind(one["level"], {lang: one[lang] for lang in LANGUAGES}) for one in rows}


def serves(lab: Lab) -> bool:
    """Whether there may be anything for a general fault on its lab host: libvirt, from the start."""
    return lab.host == "full" and bool(lab.guests or lab.networks or lab.pools)


class Drawing:
    """Draws a general fault for a solved lab host, and leaves it broken. `wanted`: the id of one, or "" for any."""

    def __init__(self, beginning: Beginning, seed: str, level: int, wanted: str = "") -> None:
        self.beginning, self.seed, self.level, self.wanted = beginning, seed, level, wanted

    @property
    def _host(self) -> LabHost:
        return self.beginning.host

    def fault(self, fresh: LabHost) -> Fault:
        """Break it, and say what that was. CannotRun where nothing offered shows."""
        with self._scene() as (offered, found):
            probes = {one.id: one for one in probes_of(found, self.beginning.lab)}
        quiet: dict[bool, list[Symptom]] = {}
        for one in self._in_turn(offered)[:TRIES]:
            upcoming = one.told.level == 2
            if upcoming not in quiet:
                quiet[upcoming] = self._passing(list(probes.values()), upcoming, fresh)
            if made := self._hidden(one, quiet[upcoming], fresh):
                return made
        message = t("No general fault shows on the lab host of {lab}.", lab=self.beginning.lab.id)
        raise CannotRun(message, "kvmlab repair")

    @contextlib.contextmanager
    def _scene(self) -> Iterator[tuple[list[Offered], list[Named]]]:
        lab = self.beginning.lab
        with opened(lab, self._host) as (reader, _), connected(self._host.root, Silence(30)) as connection:
            noting = Noting(reader)
            run_checks(checks_of(lab, self.beginning.checker), noting, lab)
            found = things(noting, connection, lab)
            yield offered_of(found, lab), found

    def _in_turn(self, offered: Sequence[Offered]) -> list[Offered]:
        if self.wanted:
            return [one for one in offered if one.id == self.wanted]
        fitting = [one for one in offered if self.level in (0, one.told.level)]
        return random.Random(f"general {self.seed}").sample(fitting, len(fitting))

    def _passing(self, probes: list[Symptom], upcoming: bool, fresh: LabHost) -> list[Symptom]:
        """The probes that pass in the solved state, now or in a copy of its next boot."""
        asked = [one._replace(upcoming=upcoming) for one in probes if upcoming or not one.upcoming]
        failing = left(self._host, asked, fresh)
        return [one for one in asked if one.id not in failing]

    def _hidden(self, one: Offered, probes: list[Symptom], fresh: LabHost) -> Fault | None:
        """The fault, its symptoms being the probes that fail now; None where it does not show, and is undone."""
        change = one.mutant.change
        step, undo = (Step(name, change.guest or None, code, False, "", 0)
                      for name, code in (("break", change.do), ("undo", change.undo)))  # fmt: skip
        try:
            carry_out(self._host, [step])
        except CannotRun:
            self._undone(undo)
            return None
        seen = left(self._host, probes, fresh)
        symptoms = tuple(probe for probe in probes if probe.id in seen and not _follows(probe, seen))
        if not symptoms or self.beginning.report().verdict is Verdict.PASSED:
            self._undone(undo)
            return None
        solved, broken = (objects_of(picture) for picture in pictures(self._host))
        stories = {lang: _story(lang, one, symptoms, solved, broken) for lang in LANGUAGES}
        return Fault(one.id, one.told.level, stories, symptoms, (step,), (undo,))

    def _undone(self, undo: Step) -> None:
        """Take it back; CannotRun where the solved state does not come again."""
        run_step(self._host, undo)
        self.beginning.must_pass()


def _follows(probe: Symptom, seen: Sequence[str]) -> bool:
    """Whether it only says once more that a guest cannot be entered."""
    kind, _, name = probe.id.partition(" ")
    return kind == "out" and f"enter {name}" in seen


def offered_of(found: Sequence[Named], lab: Lab) -> list[Offered]:
    """What may be hidden on a lab host with these objects: offered, caught by the lab, and without a trace of ours."""
    from fnmatch import fnmatchcase

    offered, known = [], kinds()
    for mutant in mutants_of(found):
        what, _, change = mutant.name.partition(": ")
        kind, _, thing = what.partition(" ")
        told = known.get((kind, change))
        traces = "kvmlab" in mutant.change.do.replace("KVMLAB-XML", "").lower()
        survives = any(fnmatchcase(mutant.name, one.mutant) for one in lab.survivors)
        if told is not None and not traces and not survives:
            offered.append(Offered(mutant, kind, thing, told))
    return offered


def probes_of(found: Sequence[Named], lab: Lab) -> Iterator[Symptom]:
    """What a colleague would try on a lab host with these objects."""
    lan = lab.values["lan"]
    yield Symptom("host", f"ping -c 2 -W 3 {lan['ip']}", "peer")
    for one in found:
        if isinstance(one, Domain) and one.state == "running":
            yield Symptom(f"enter {one.name}", f"{SSH} {quote(one.name)} true")
            yield Symptom(f"out {one.name}", f"{SSH} {quote(one.name)} ping -c 2 -W 3 {lan['gateway']}")
        elif isinstance(one, Domain) and one.state == "shut off":
            yield Symptom(f"start {one.name}", f"virsh start --paused {quote(one.name)}", upcoming=True)
        elif isinstance(one, Pool) and one.active:
            yield Symptom(f"volumes {one.name}", f"virsh vol-list {quote(one.name)}")
        elif isinstance(one, Network) and one.active:
            yield Symptom(f"network {one.name}", f"virsh net-list --name | grep -qx {quote(one.name)}")


def _story(lang: str, one: Offered, symptoms: Sequence[Symptom], solved: Objects, broken: Objects) -> Story:
    said = texts()
    hint, number = said["hint"], LANGUAGES.index(lang)
    title = one.told.titles[lang].format(thing=f"`{one.thing}`")
    title = title[0].upper() + title[1:]
    upcoming = symptoms[0].upcoming
    opening = said["ticket"][f"upcoming_{lang}" if upcoming else lang]
    ticket = [opening, *(_probe(lang, symptom) for symptom in symptoms)]
    rows = list(_rows(lang, solved, broken))[:MOST_ROWS]
    told = [hint[f"story_{lang}"].format(title=title), *rows] if rows else [f"{title}."]
    first = next(_seen(solved, broken), None)
    hints = [hint[f"layer_{lang}"].format(layer=said["layer"][one.kind][number], command=said["layer"][one.kind][2])]
    hints += [hint[f"object_{lang}"].format(object=f"`{one.thing}`")]
    hints += [hint[f"see_{lang}"].format(see=first)] if first else []
    hints += [hint[f"change_{lang}"].format(title=title)]
    done = f"{hint[f'done_{lang}']}\n\n```\n{one.mutant.change.do}\n```" if one.mutant.change.do.count("\n") < 6 else ""
    return Story(title, "\n\n".join(ticket), tuple(hints), "\n\n".join(["\n".join(told), *([done] if done else [])]))


def _probe(lang: str, symptom: Symptom) -> str:
    kind, _, name = symptom.id.partition(" ")
    text: str = texts()["probe"][kind][lang]
    return text.format(name=name)


def _rows(lang: str, solved: Objects, broken: Objects) -> Iterator[str]:
    """What the mutant has changed, as the pictures before and after it show."""
    hint = texts()["hint"]
    for (noun, key), aspects in solved.items():
        name, now = f"{noun} `{'/'.join(key)}`", broken.get((noun, key))
        if now is None:
            yield hint[f"gone_{lang}"].format(object=name, see=see(noun, key, ""))
            continue
        for aspect in dict.fromkeys((*aspects, *now)):
            before, after = aspects.get(aspect), now.get(aspect)
            if before != after:
                yield hint[f"row_{lang}"].format(object=name, aspect=aspect, before=_short(before), after=_short(after),
                                                 see=see(noun, key, aspect))  # fmt: skip


def _seen(solved: Objects, broken: Objects) -> Iterator[str]:
    """The commands that show the first of these changes."""
    for (noun, key), aspects in solved.items():
        now = broken.get((noun, key), {})
        for aspect in dict.fromkeys((*aspects, *now)):
            if aspects.get(aspect) != now.get(aspect):
                yield see(noun, key, aspect if (noun, key) in broken else "")


def _short(value: object) -> str:
    text = " ".join(str("-" if value in (None, "", []) else value).split()).replace("`", "'")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
