"""Processor time for the lab host that is being looked at, before its neighbours that compute.

All lab hosts weigh the same (cgroups(7), cpu.shares or cpu.weight), and half of a look is work of the lab host itself:
beside a neighbour's fork bomb that half gets what the bomb leaves it. So a lab host weighs more while a check asks it,
and the check itself, where it may (setpriority(2): root may), for all lab hosts together weigh no more than it does.
Rejected: less weight for all lab hosts (the bomb's neighbour would have less, too), and a limit in processor seconds,
which would slow every start down.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from kvmlab import process
from kvmlab.labhost.cgroups import cgroup_file
from kvmlab.labhost.known_host import KnownLabHost
from kvmlab.labhost.together import weight_together

TIMES = 4
"""How many times its usual weight: against a neighbour that wants all, nine tenths of a processor."""
NICER = 10
"""How much less nice the check itself is meanwhile (sched(7)): nine times its usual weight."""
_USUAL = "weight"


@contextlib.contextmanager
def preferred(host: KnownLabHost, init: str) -> Iterator[None]:
    """A lab host, whose first process is `init`, weighs more in the block, and so do all of its state directory's
    together, where they are held so, and this thread with those it begins.

    As usual where this computer does not weigh lab hosts (`kvmlab doctor` says so).
    A check that is killed leaves it so until the next one ends. Of two at once the first to end ends it for both.
    """
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError, ValueError):
            number = process.number(init)
            file = weight_file(number)
            weights = [(file, _usual(host.run_dir / _USUAL, file))]
            if together := weight_together(host.state, number):
                weights.append(together)
            for path, usual in weights:
                undo.callback(_weigh, path, usual)
                _weigh(path, usual * TIMES)
        with contextlib.suppress(PermissionError):
            usual = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, 0, usual - NICER)
            undo.callback(os.setpriority, os.PRIO_PROCESS, 0, usual)
        yield


def _weigh(file: Path, weight: int) -> None:
    with contextlib.suppress(OSError):  # it has ended
        file.write_text(str(weight))


def _usual(note: Path, file: Path) -> int:
    """What it weighs when nobody looks: noted at the first look, when nobody has changed it yet."""
    try:
        return int(note.read_text())
    except FileNotFoundError:
        usual = int(file.read_text())
        with contextlib.suppress(FileExistsError), note.open("x") as stream:
            stream.write(str(usual))
        return usual


def weight_file(init: int) -> Path:
    """Where the weight of the lab host with this first process stands. OSError where there is none."""
    return cgroup_file(init, "cpu", "cpu.shares", "cpu.weight", os.W_OK)
