"""`kvmlab reset` and `start` against the bare sum of what they do: the same podman, libvirtd and saved guest."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.place import Place, beside, state_beside
from benchmarks.timing import Row, in_turns, tell, timed
from kvmlab.course import Course, Lab
from kvmlab.images import Quiet
from kvmlab.labhost.container import LabHost, remove_all
from kvmlab.labhost.known_host import SPARE
from kvmlab.labhost.podman import finish
from kvmlab.liveness import Silence
from kvmlab.paths import State
from kvmlab.setup.files import SAVED, lay_ready
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.materials import Materials

LAB = "network-bridge"
STEPS = ("podman rm", "podman run", "libvirtd and its network", "virsh restore", "SSH answers")
ANSWERS = """
import socket, sys, time
while True:
    try:
        with socket.create_connection((sys.argv[1], 22), timeout=0.2) as stream:
            if stream.recv(4) == b"SSH-":
                break
    except OSError:
        time.sleep(0.005)
"""


@dataclass
class Bare:
    """The bare sum: one lab host after another, by hand and with nothing around it."""

    state: State
    lab: Lab
    materials: Materials
    host: LabHost | None = None
    taken: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})

    @classmethod
    def of(cls, place: Place) -> Bare:
        """With what kvmlab itself would start from."""
        from kvmlab.cli.context import own_course

        lab = Course.load(own_course(), place.state).lab(LAB, "en", None)
        return cls(place.state, lab, Materials.of(place.state, lab, Quiet()))

    def reset(self) -> float:
        """Seconds from removing the old lab host until the guest of the new one answers."""
        return self._remove() + self.start()

    def start(self) -> float:
        """The same without removing anything first (and what is there goes, unmeasured)."""
        self._remove(counted=False)
        self.host = LabHost.fresh("bare", self.state, self.materials.podman)
        self.host.prepare_run_dir()
        lay_ready(self.state, self.host.start_dir, self.lab.guests, self.lab.files, self.materials.seeds)
        began = time.perf_counter()
        with self._step("podman run"):
            finish(self.host.start(self.materials.host_image, self.materials.volumes()), ("run",))
        self.host.started()
        self._restore(self.host)
        return time.perf_counter() - began

    def _restore(self, host: LabHost) -> None:
        waiting = beside(host)
        with self._step("libvirtd and its network"):
            manager = connected(host.root, Silence(30))
            connection = manager.__enter__()
            while not connection.networkLookupByName("default").isActive():
                time.sleep(0.005)
            while not host.root.text("/run/kvmlab/prepared"):
                time.sleep(0.005)
        guest = self.lab.guests[0]
        argv = [*waiting, "/usr/bin/python3", "-IS", "-c", ANSWERS, str(guest.address)]
        with subprocess.Popen(argv) as answer:
            with self._step("virsh restore"):
                connection.restore(f"{SAVED}/{guest.name}/memory")
            with self._step("SSH answers"):
                answer.wait()
        manager.__exit__(None, None, None)

    def _remove(self, *, counted: bool = True) -> float:
        if self.host is None:
            return 0
        began = time.perf_counter()
        remove_all(self.materials.podman, [self.host.container])
        seconds = time.perf_counter() - began
        if counted:
            self.taken["podman rm"].append(seconds)
        self.host.remove()
        self.host = None
        return seconds

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.taken[name].append(time.perf_counter() - began)

    def close(self) -> None:
        """Nothing stays."""
        self._remove(counted=False)


def rows(rounds: int) -> list[Row]:
    """The table's part."""
    place = Place(state_beside("start"), LAB)
    place.run("reset")
    bare = Bare.of(place)
    try:
        bare.start()
        runs = {"reset": lambda: place.run("reset"), "bare reset": bare.reset}
        taken = in_turns(runs, rounds)
        fresh = {"start": lambda: _fresh(place), "bare start": bare.start}
        taken |= in_turns(fresh, rounds)
        timed(place.argv("reset"), _with_spare(place))
        taken |= in_turns({"spare": lambda: _from_spare(place)}, rounds)
    finally:
        bare.close()
        place.run("finish")
    steps = {name: median(values[1:]) for name, values in bare.taken.items()}
    tell("bare sum: " + json.dumps({name: round(value, 2) for name, value in steps.items()}))
    return [
        Row("reset, guest answers SSH", taken["reset"], "the bare sum", taken["bare reset"], "<= 1.3"),
        Row("reset, with one in waiting", taken["spare"], "the bare sum", taken["bare reset"], "<= 0.5"),
        Row("start, guest answers SSH", taken["start"], "the bare sum without rm", taken["bare start"], "<= 1.3"),
    ]


def _fresh(place: Place) -> float:
    place.run("finish")
    return place.run("start")


def _from_spare(place: Place) -> float:
    """A reset that begins once the next lab host is in waiting."""
    while not any(place.state.run.glob(f"*/{SPARE}")):
        time.sleep(0.05)
    return timed(place.argv("reset"), _with_spare(place))


def _with_spare(place: Place) -> dict[str, str]:
    return {**place.env, "KVMLAB_SPARE": "1"}
