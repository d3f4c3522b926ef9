"""Where a lab runs, and what runs there: found by course and lab, in one state directory."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.labhost.known_host import KnownLabHost, known_hosts
from kvmlab.labhost.record import Run, run_of
from kvmlab.paths import State
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost
    from kvmlab.labhost.podman import Podman


WAIT = "KVMLAB_WAIT_S"
"""The environment variable with the seconds for which another kvmlab that is at work on a lab is waited for; usually it
is not."""


@dataclass(frozen=True)
class LabPlace:
    """Where a lab runs: one lab of one course in one state directory."""

    state: State
    course_tag: str
    lab: str

    def run(self) -> Run | None:
        """What is known of a start that has begun and not been undone; None where there is none."""
        return run_of(self.state, self.course_tag, self.lab)

    def lock(self, wait_s: float | None = None) -> contextlib.AbstractContextManager[None]:
        """Alone among all kvmlabs that start, solve, reset or finish this lab; waited for as WAIT says, or so long."""
        wait = float(os.environ.get(WAIT, 0)) if wait_s is None else wait_s
        return self.state.lock(f"lab-{self.course_tag}-{self.lab}", wait=wait)

    @property
    def label(self) -> str:
        """What its containers are labelled with."""
        return f"{self.course_tag}.{self.lab}"

    @property
    def labels(self) -> tuple[str, str]:
        """Both: all that is ever there of it."""
        return self.label, self.label_copy

    @property
    def label_copy(self) -> str:
        """Likewise of the copy in which the next start is rehearsed."""
        return f"{self.label}_copy"

    def known_hosts(self) -> list[KnownLabHost]:
        """All of whom a run directory is there, copies too."""
        return known_hosts(self.state, self.labels)

    @property
    def has_spare(self) -> bool:
        """Whether a lab host is in waiting for its next reset."""
        return any(known.is_spare for known in self.known_hosts())

    def known_host(self, run: Run) -> KnownLabHost:
        """What is known of the lab host that `run` tells of."""
        return KnownLabHost(self.label, run.instance, self.state)

    def host(self, run: Run, podman: Podman) -> LabHost:
        """The lab host that `run` tells of."""
        from kvmlab.labhost.container import LabHost

        return LabHost(self.label, run.instance, self.state, podman)


class LabHostStopped(CannotRun):
    """A lab host is there and does not run: it was stopped, or the computer was. What was done on it is kept."""

    def __init__(self, lab: str) -> None:
        said = t("The lab host of {lab} no longer runs; what was done on it is kept.", lab=lab)
        super().__init__(said, f"kvmlab start --resume {lab}")
