"""What a lab host and its guest weigh, and how the start time grows when many start at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.place import Place, leader, state_beside
from benchmarks.timing import Row, tell

LAB = "network-bridge"
COUNTS = (1, 5, 10)
# Runs where it may read the processes: as root, or in the user's own user namespace.
WEIGH = """
import glob, json, os, sys
inside = os.stat(f"/proc/{sys.argv[1]}/ns/pid").st_ino
weight = {"host": 0, "guest": 0}
for path in glob.glob("/proc/[0-9]*"):
    try:
        if os.stat(path + "/ns/pid").st_ino == inside:
            name = open(path + "/comm").read()
            rollup = open(path + "/smaps_rollup").read().split()
            weight["guest" if name.startswith("qemu") else "host"] += int(rollup[rollup.index("Pss:") + 1])
    except (OSError, ValueError):
        pass
print(json.dumps(weight))
"""


def weigh(place: Place) -> dict[str, float]:
    """MiB (proportional set size, proc(5)) of a lab host's own processes and of its guests."""
    import os

    program = [sys.executable, "-IS", "-c", WEIGH, str(leader(place.host))]
    argv = program if os.getuid() == 0 else place.podman.argv("unshare", *program)
    kib: dict[str, int] = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    return {name: value / 1024 for name, value in kib.items()}


def rows(counts: Sequence[int] = COUNTS) -> list[Row]:
    """The table's part: wall-clock seconds until all are up, and what each then weighs (pages shared are divided)."""
    found: list[Row] = []
    for count in (1, *counts):  # the first is not counted
        places = [Place(state_beside(f"grow{number}"), LAB) for number in range(count)]
        try:
            seconds = _start_all(places)
            weights = [weigh(place) for place in places]
        finally:
            for place in places:
                place.run("finish")
        tell(f"{count} at once: {seconds:.1f} s")
        host, guest = (sum(weight[kind] for weight in weights) / count for kind in ("host", "guest"))
        found += [
            Row(f"start, {count} at once, all up", seconds),
            Row(f"memory of a lab host, {count} at once", host, unit="MiB"),
            Row(f"memory of a guest, {count} at once", guest, unit="MiB"),
        ]
    return found[3:]


def _start_all(places: Sequence[Place]) -> float:
    for place in places:
        place.run("finish")
    began = time.perf_counter()
    running = [subprocess.Popen(place.argv("start"), env=place.env, stdout=subprocess.DEVNULL) for place in places]
    if any(process.wait() for process in running):
        raise SystemExit("a start failed (see above)")
    return time.perf_counter() - began
