"""Processor time for the lab host that is being looked at, before its neighbours that compute.

All lab hosts weigh the same (cgroups(7), cpu.shares or cpu.weight), and half of a look is work of the lab host itself:
beside a neighbour's fork bomb that half gets what the bomb leaves it. So a lab host weighs more while a check asks it.
Rejected: less weight for all lab hosts (the bomb's neighbour would have less, too), and a limit in processor seconds,
which would slow every start down.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from kvmlab import process

TIMES = 4
"""How many times its usual weight: against a neighbour that wants all, nine tenths of a processor."""
PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_USUAL = "weight"


@contextlib.contextmanager
def preferred(init: str, run_dir: Path) -> Iterator[None]:
    """The lab host with this first process (kvmlab.process) and run directory weighs more in the block.

    As usual where this computer does not weigh lab hosts (`kvmlab doctor` says so).
    A check that is killed leaves it so until the next one ends. Of two at once the first to end ends it for both.
    """
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError, ValueError):
            file = weight_file(process.number(init))
            usual = _usual(run_dir / _USUAL, file)
            undo.callback(_weigh, file, usual)
            _weigh(file, usual * TIMES)
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


def cgroup_file(init: int, controller: str, first: str, second: str, access: int = os.R_OK) -> Path:
    """A file in the cgroup of the lab host with this first process: `first` where cgroups of version 1 have the
    controller, else `second`. OSError where there is none that may be accessed so.

    Of the names in its path the first that is podman's counts: those below it are the lab host's to choose.
    """
    lines = (PROC / str(init) / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    for _, controllers, path in (line.split(":", 2) for line in lines):
        names = path.split("/")
        own = next((number for number, name in enumerate(names) if name.startswith("libpod-")), None)
        if own is None or ".." in names:
            continue
        if not controllers or controller in controllers.split(","):
            file = CGROUPS / controllers / "/".join(names[1 : own + 1]) / (first if controllers else second)
            if os.access(file, access):
                return file
    raise FileNotFoundError(init)
