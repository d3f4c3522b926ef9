"""kvmlab repair [LAB|CHAPTER]: a lab host that somebody has broken, and a ticket that says what no longer works."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from kvmlab.cli.context import Context
from kvmlab.cli.exam.rules import refuse_in_exam
from kvmlab.cli.lab import RunningLab, chosen_id, place_of, say_whether_a_name_was_meant
from kvmlab.cli.parsing import whole
from kvmlab.errors import CannotRun, UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.course.fault.model import Fault
    from kvmlab.course.fault.reading import FaultFile
    from kvmlab.labhost.place import LabPlace
    from kvmlab.repair.beginning import Beginning, Make
    from kvmlab.repair.drawing import Offer
    from kvmlab.repair.record import Repair

    Maker = Callable[[Lab], Make]


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB or CHAPTER, level, seed; --give-up."""
    which = t("a lab or a chapter; without it, what fits your progress")
    parser.add_argument("name", metavar="LAB|CHAPTER", nargs="?", help=which)
    levels = t("1 fails at once, 2 shows at the next start or boot or now and then, 3 two that hide each other")
    parser.add_argument("--level", metavar="N", type=whole(1, 3), default=0, help=levels)
    parser.add_argument("--seed", metavar="S", help=t("the same seed gives the same fault"))
    parser.add_argument("--fault", metavar="ID", help=t("this fault (for authors)"))
    parser.add_argument(
        "--give-up", action="store_true", help=t("end the repair that runs, and be told what was broken")
    )


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Begin one, and show its ticket."""
    if args.give_up:
        return _give_up(args, ctx)
    from kvmlab.cli.repair import show
    from kvmlab.repair.record import Repair

    offer, seed = _drawn(args, ctx)
    refuse_in_exam(ctx, offer.lab)
    place = place_of(ctx, offer.lab)
    _refuse_running(place)
    began = time.monotonic()
    begin(ctx, place, _make(ctx, place, offer, seed, args), Repair(seed))
    print(t("{lab} is ready ({seconds:.1f} s).", lab=offer.lab, seconds=time.monotonic() - began))
    print()
    running = RunningLab.of(ctx, offer.lab)
    repair = running.repair
    assert repair is not None
    return show(running, repair)


def _drawn(args: argparse.Namespace, ctx: Context) -> tuple[Offer, str]:
    """What is to be hidden where, and the seed that gives the same again."""
    from kvmlab.repair.drawing import drawn

    must_be_a_seed(args.seed)
    seed = args.seed or secrets.token_hex(3)
    named = bool(args.fault) or args.name in ctx.course.entries
    found = offered(ctx, _labs(args.name, ctx), args.level, args.fault, untried_too=named)
    if args.seed is None and not args.fault:
        found = _fitting(found, args, ctx)
    return drawn(found, seed), seed


def must_be_a_seed(seed: str | None) -> None:
    """UsageError for one that is none."""
    from kvmlab.course.names import VARIANT

    if seed is not None and not VARIANT.fullmatch(seed):
        raise UsageError(t("A seed is 1 to 64 letters, digits and `_.@+-`."), "kvmlab repair --seed monday")


def offered(
    ctx: Context, labs: list[str], level: int, fault: str | None = None, *, untried_too: bool = True
) -> list[Offer]:
    """What can be hidden on these labs, of this level (0: of any); UsageError where that is nothing."""
    from kvmlab.repair.drawing import offers
    from kvmlab.repair.general_kinds import PREFIX

    found = offers(ctx.course.faults(), labs, level, _general_levels(labs, ctx, untried_too=untried_too))
    if fault:
        general = fault.startswith(PREFIX)
        found = [one for one in found if (one.file.id == fault if one.file else general)]
    if not found:
        raise UsageError(t("The course has no fault of that kind."), "kvmlab lint --faults")
    return found


def _general_levels(labs: list[str], ctx: Context, untried_too: bool) -> Mapping[str, Collection[int]]:
    """Of the general faults that there are, by lab: of those that were seen to show. Labs where none was tried come in
    only where the lab is asked for by name, or none of these labs was tried."""
    from kvmlab.repair.general_kinds import kinds, serves
    from kvmlab.repair.shown import shown_in

    shown = shown_in(ctx.course, labs)
    tried = {lab: {*levels.values()} for lab, levels in shown.items() if levels}
    if tried and not untried_too:
        return tried
    every = {one.level for one in kinds().values()}
    return {lab: every for lab in labs if lab not in shown and serves(ctx.course.lab(lab))} | tried


def _labs(name: str | None, ctx: Context) -> list[str]:
    """The labs that are meant by a lab's name, a chapter's, or none."""
    course = ctx.course
    chapters = {one.id: one for one in course.chapters}
    if name is None:
        named = course.ids
    elif name in chapters and name not in course.entries:
        named = list(chapters[name].labs)
    else:
        named = [course.entry(name).id]
    ready = [lab for lab in named if course.entries[lab].complete and not course.entries[lab].broken]
    if not ready:
        raise UsageError(t("There is no lab with a checker and a solution among these."), "kvmlab list")
    return ready


def _fitting(found: list[Offer], args: argparse.Namespace, ctx: Context) -> list[Offer]:
    """What fits the student: not mended before, a lab that is known, a level that is not too high."""
    from kvmlab.course.fault.progress import MENDED, Repairs
    from kvmlab.course.progress import ProgressStore
    from kvmlab.labhost.record import runs

    mended = [one for one in Repairs(ctx.state, ctx.course.tag).all() if one.outcome == MENDED]
    known = ProgressStore(ctx.state, ctx.course.tag).all(ctx.course.ids)
    busy = {} if args.name in ctx.course.entries else runs(ctx.state, ctx.course)
    highest = 1 + sum(sum(one.level == level for one in mended) >= 3 for level in (1, 2))
    before = {(one.lab, one.fault) for one in mended}
    wishes = [
        lambda one: one.lab not in busy,
        lambda one: one.file is None or (one.lab, one.file.id) not in before,
        lambda one: args.level or one.file is None or one.file.level <= highest,
        lambda one: known[one.lab].done or known[one.lab].solved_ever,
    ]
    for fits in wishes:  # each is kept only where something is left
        found = [one for one in found if fits(one)] or found  # type: ignore[no-untyped-call]
    return found


def _refuse_running(place: LabPlace) -> None:
    """What runs there is somebody's work: it is theirs to throw away."""
    run = place.run()
    if run is None or run.state not in ("running", "stopped"):
        return
    if place.known_host(run).is_repair:
        raise CannotRun(t("A repair of {lab} runs already.", lab=place.lab), f"kvmlab show {place.lab}")
    message = t("{lab} runs already; a repair needs a lab host of its own.", lab=place.lab)
    raise CannotRun(message, f"kvmlab finish {place.lab}")


def begin(ctx: Context, place: LabPlace, maker: Maker, repair: Repair, variant: str | None = None) -> None:
    """A lab host with a fault on it in place of whatever runs there. Where it cannot be made there is none."""
    from kvmlab.course import ProgressStore
    from kvmlab.labhost.computer.podman_options import remembered_podman
    from kvmlab.repair.beginning import Beginning
    from kvmlab.repair.record import HIDING, keep
    from kvmlab.report.progress import progress
    from kvmlab.setup.lifecycle import finish, reset

    lab = ctx.course.lab(place.lab, ctx.lang, variant if variant is not None else ctx.variant)
    if variant is None:
        say_whether_a_name_was_meant(ctx, lab)
    make, solution = maker(lab), ctx.course.solutions(lab)[0]
    with progress() as steps:
        run = reset(place, lab, steps, lambda host: keep(host, repair._replace(state=HIDING, fault=None)))
        ProgressStore(ctx.state, ctx.course.tag).began(lab.id)
        host = place.host(run, remembered_podman(ctx.state))
        try:
            with place.lock():
                Beginning(lab, ctx.course.checker(lab.id), solution.steps, host, steps).hide(repair, make)
        except BaseException:
            finish(place, host.podman)
            raise


def _make(ctx: Context, place: LabPlace, offer: Offer, seed: str, args: argparse.Namespace) -> Maker:
    """How what was drawn is made, once the lab is known in its variant."""
    file = offer.file
    if file:
        return lambda lab: _written(file, lab)
    return lambda _: _general(ctx, place, seed, args.level, args.fault or "")


def _written(file: FaultFile, lab: Lab) -> Make:
    fault = file.for_lab(lab)
    return lambda beginning: beginning.break_it(fault)


def _general(ctx: Context, place: LabPlace, seed: str = "", level: int = 0, wanted: str = "") -> Make:
    from kvmlab.repair.general import Drawing
    from kvmlab.repair.shown import shown_in
    from kvmlab.setup.lifecycle import for_a_copy

    shown = shown_in(ctx.course, [place.lab]).get(place.lab)

    def make(beginning: Beginning) -> Fault:
        with for_a_copy(place, beginning.host.podman) as fresh:
            return Drawing(beginning, seed, level, wanted, shown).fault(fresh)

    return make


def begin_again(ctx: Context, place: LabPlace) -> bool:
    """Break the same again on a new lab host, if a repair is open there and its fault still in the course."""
    from kvmlab.repair.general_kinds import PREFIX
    from kvmlab.repair.record import recall

    run = place.run()
    repair = recall(place.known_host(run)) if run and run.instance else None
    if run is None or repair is None or not repair.is_open or repair.fault is None:
        return False
    name = repair.fault.id
    file = next((one for one in ctx.course.faults() if one.id == name and place.lab in one.labs), None)
    if name.startswith(PREFIX):
        begin(ctx, place, lambda _: _general(ctx, place, wanted=name), repair, run.variant)
    elif file is not None:
        begin(ctx, place, lambda lab: _written(file, lab), repair, run.variant)
    else:
        return False
    return True


def _give_up(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.cli.repair import end, explain

    running = RunningLab.of(ctx, chosen_id(ctx, args.name))
    repair = running.repair
    if repair is None:
        raise no_repair(running.lab_id)
    if repair.is_open:
        repair = end(running, repair, "given up")
        running.__dict__.pop("repair", None)
    return explain(running, repair)


def no_repair(lab_id: str) -> CannotRun:
    """Its lab host is one like any other."""
    return CannotRun(t("{lab} runs, and is not to be repaired.", lab=lab_id), f"kvmlab check {lab_id}")
