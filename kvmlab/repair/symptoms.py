"""The commands of a ticket, run on the lab host (or in a copy of its next boot): which of them fail."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import NamedTuple

from kvmlab.course.fault.model import Symptom
from kvmlab.errors import CannotRun
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.output import end_of_output
from kvmlab.labhost.steps import BASH, guest_command
from kvmlab.setup.rehearsal import rehearsed
from kvmlab.slowness import given_patience

SYMPTOM_S, ANSWER_S = 60.0, 10.0
"""How long a command may do nothing; how long one in a guest waits for that guest to let it in."""
UPCOMING_S = 90.0
"""Likewise in a copy, where guests have only begun to boot."""
SETTLE_S, POLL_S = 3.0, 0.5
"""How long what was mended a moment ago may take to show (a port that begins to forward, an address that is asked for).
A command that takes longer by itself is not run again."""
KNOWN: Mapping[str, float] = MappingProxyType({})
AT_ONCE = 8
"""So many commands run side by side."""
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
"""Of the host's own commands: a script of that name in /usr/local/bin is no cure."""
NETNS = {"peer": "peer", "gateway": "lan"}  # as kvmlab/labhost/inside/lan-up calls them


class Asked(NamedTuple):
    """What came of one symptom's command: whether it is seen, and stays so; and how long it has taken."""

    seen: bool
    seconds: float


def left(first: LabHost, symptoms: Sequence[Symptom], fresh: LabHost | None) -> tuple[str, ...]:
    """The ids of the symptoms that are seen, as `asked` finds them."""
    return tuple(name for name, one in asked(first, symptoms, fresh).items() if one.seen)


def asked(
    first: LabHost, symptoms: Sequence[Symptom], fresh: LabHost | None, waits: Mapping[str, float] = KNOWN
) -> dict[str, Asked]:
    """Run the symptoms' commands on `first`; those of the next boot in a copy of it that `fresh` becomes, and only
    where no other one is seen. By id. CannotRun where there can be no copy.

    `waits`: by id, for how many seconds one is waited for, where that is known."""
    found = _side_by_side(first, [one for one in symptoms if not one.upcoming], waits)
    upcoming = [one for one in symptoms if one.upcoming]
    if upcoming and fresh is not None and not any(one.seen for one in found.values()):
        with _booted(first, fresh) as copy:
            found |= _side_by_side(copy, upcoming, waits)
    return found


def _side_by_side(host: LabHost, symptoms: Sequence[Symptom], waits: Mapping[str, float]) -> dict[str, Asked]:
    """Ask all at once: one that is seen may wait for its answer as long as it can."""
    patience = given_patience()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda one: _staying(host, one, patience, waits.get(one.id)), symptoms)
        return {one.id: answer for one, answer in zip(symptoms, answers, strict=True)}


def _staying(host: LabHost, symptom: Symptom, patience: float, wait_s: float | None) -> Asked:
    """What is on its way is not counted."""
    began = time.monotonic()
    settled = began + (SETTLE_S * patience if wait_s is None else max(SETTLE_S, wait_s / 3))
    while seen := is_seen(host, symptom, patience, wait_s):
        if time.monotonic() + POLL_S > settled:
            break
        time.sleep(POLL_S)
    return Asked(seen, time.monotonic() - began)


def is_seen(host: LabHost, symptom: Symptom, patience: float | None = None, wait_s: float | None = None) -> bool:
    """Whether its command ends with another status than 0, or never. `patience`: as given_patience, which is asked
    where it is not said; `wait_s`: how long a guest may take to let it in."""
    patience = patience or given_patience()
    silent_s = SYMPTOM_S * (patience if wait_s is None else 1)
    wait_s = wait_s or (UPCOMING_S if symptom.upcoming else ANSWER_S) * patience
    argv = host.exec_argv(_command(symptom), env=[f"KVMLAB_WAIT={wait_s:.0f}", PATH])
    status, _ = end_of_output(argv, stdin=symptom.code, silent_s=silent_s + wait_s)
    return status != 0


def _command(symptom: Symptom) -> tuple[str, ...]:
    if symptom.guest:
        return guest_command(symptom.guest, "sh", "-eu", "-s")
    if symptom.place in NETNS:
        return ("nsenter", f"--net=/run/netns/{NETNS[symptom.place]}", *BASH)
    return BASH


@contextlib.contextmanager
def _booted(first: LabHost, fresh: LabHost) -> Iterator[LabHost]:
    """A copy of `first` that has booted, the guests that run on `first` started in it as far as they can be."""
    running = _running(first)
    with rehearsed(first, fresh) as rehearsal:
        rehearsal.start([("domain", name) for name in running])
        yield fresh


def _running(host: LabHost) -> list[str]:
    with contextlib.suppress(CannotRun):  # libvirtd there may hang: then there is nothing to start either
        return host.execute(["virsh", "list", "--name"], timeout_s=30).stdout.split()
    return []
