"""A state directory for benchmarks beside the user's own, with the same images; and the way into a lab host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.timing import KVMLAB, plain_env, timed
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import LabHost, find_containers
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State, default_root

SHARED = ("keys", "images", "saved", "cache")


def state_beside(name: str) -> State:
    """`kvmlab-bench-NAME` beside the user's state directory."""
    own = State(default_root())
    root = own.root.with_name(f"{own.root.name}-bench-{name}")
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in SHARED:
        if not (root / folder).exists():
            (root / folder).symlink_to(getattr(own, folder))
    return State(root)


@dataclass(frozen=True)
class Place:
    """One lab in one state directory, as the command `kvmlab` sees it."""

    state: State
    lab: str
    course: Path | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment for `kvmlab`."""
        return plain_env(KVMLAB_STATE=str(self.state.root))

    def argv(self, verb: str) -> list[str]:
        """`kvmlab VERB LAB`."""
        course = ["--course", str(self.course)] if self.course else []
        return [KVMLAB, *course, verb, self.lab]

    def run(self, verb: str, status: int = 0) -> float:
        """Seconds of `kvmlab VERB LAB`."""
        return timed(self.argv(verb), self.env, status)

    @property
    def podman(self) -> Podman:
        """podman as kvmlab has found it to work here."""
        return remembered_podman(self.state)

    @cached_property
    def host(self) -> LabHost:
        """The lab host; looked up once, so after the lab was started."""
        (found,) = find_containers(self.podman, self.state)
        return LabHost(found["lab"], found["instance"], self.state, self.podman)


def leader(host: LabHost) -> int:
    """The process id, here, of a lab host's process 1."""
    return int(host.podman.run("container", "inspect", "--format={{.State.Pid}}", host.container))


def beside(host: LabHost) -> list[str]:
    """What to put before a command so that it runs here, but in the lab host's network."""
    enter = ["nsenter", f"--net=/proc/{leader(host)}/ns/net", "--"]
    return enter if os.getuid() == 0 else [*host.podman.argv("unshare"), *enter]
