"""The commands of a ticket, run on the lab host (or in a copy of its next boot): which of them fail."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

from kvmlab.course.fault.model import Symptom
from kvmlab.errors import CannotRun
from kvmlab.labhost.bounded import end_of_output
from kvmlab.labhost.container import LabHost
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
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
"""Of the host's own commands: a script of that name in /usr/local/bin is no cure."""
NETNS = {"peer": "peer", "gateway": "lan"}  # as kvmlab/labhost/inside/lan-up calls them


def left(first: LabHost, symptoms: Sequence[Symptom], fresh: LabHost | None) -> tuple[str, ...]:
    """The ids of the symptoms that are seen on `first`; those of the next boot in a copy of it that `fresh` becomes,
    and only where no other one is left. CannotRun where there can be no copy."""
    found = [one.id for one in symptoms if not one.upcoming and _stays(first, one)]
    upcoming = [one for one in symptoms if one.upcoming]
    if upcoming and not found and fresh is not None:
        with _booted(first, fresh) as copy:
            found = [one.id for one in upcoming if _stays(copy, one)]
    return tuple(found)


def _stays(host: LabHost, symptom: Symptom) -> bool:
    """Whether it is seen and stays so: what is on its way is not counted."""
    deadline = time.monotonic() + SETTLE_S * given_patience()
    while is_seen(host, symptom):
        if time.monotonic() + POLL_S > deadline:
            return True
        time.sleep(POLL_S)
    return False


def is_seen(host: LabHost, symptom: Symptom) -> bool:
    """Whether its command ends with another status than 0, or never."""
    answer_s = (UPCOMING_S if symptom.upcoming else ANSWER_S) * given_patience()
    argv = host.exec_argv(_command(symptom), env=[f"KVMLAB_WAIT={answer_s:.0f}", PATH])
    status, _ = end_of_output(argv, stdin=symptom.code, timeout_s=SYMPTOM_S * given_patience() + answer_s)
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
