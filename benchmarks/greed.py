"""`kvmlab check` of one lab while root on another lab host takes what it can get: memory, processes, disk, inodes."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from benchmarks.place import Place, state_beside
from benchmarks.timing import Row, tell

LAB, GREEDY = "network-bridge", "storage-pool"
BOMBS = {
    "6 GiB of memory": "python3 -c 'held = bytearray(6 << 30); print(len(held))'",
    "a fork bomb": "python3 -c 'import os\nwhile True: os.fork()'",
    "5 GB of files": "dd if=/dev/zero of=/var/tmp/large bs=1M count=5000 status=none",
    "40,000 inodes": "mkdir -p /var/tmp/many; cd /var/tmp/many; seq 40000 | xargs touch; rm -r /var/tmp/many",
}
"""What root on a lab host runs: each takes more than a lab host is to have."""
AGAIN_AND_AGAIN = """
import subprocess, sys
while True:
    try:
        subprocess.run(["timeout", "20", "sh", "-c", sys.argv[1]])
    except OSError:
        pass
"""


def rows(rounds: int) -> list[Row]:
    """The table's part."""
    neighbour = Place(state_beside("greed"), LAB)
    greedy = replace(neighbour, lab=GREEDY)
    for place in (neighbour, greedy):
        place.run("reset")
    try:
        quiet = _checks("quiet", neighbour, rounds)
        taken = {}
        for name, bomb in BOMBS.items():
            with _over_and_over(greedy, bomb):
                taken[name] = _checks(name, neighbour, rounds)
    finally:
        for place in (neighbour, greedy):
            place.run("finish")
    return [Row(f"check, beside {name}", value, "the same, alone", quiet, "<= 1.5") for name, value in taken.items()]


def _checks(name: str, place: Place, rounds: int) -> float:
    tell(f"check, {name}")
    return median(place.run("check", status=1) for _ in range(rounds))


@contextlib.contextmanager
def _over_and_over(place: Place, bomb: str) -> Iterator[None]:
    argv = [*place.argv("exec"), "--", "python3", "-c", AGAIN_AND_AGAIN, bomb]
    process = subprocess.Popen(argv, env=place.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise SystemExit(f"{bomb} ended by itself with {process.returncode}")
    finally:
        process.kill()
        process.wait()
        place.run("reset")
