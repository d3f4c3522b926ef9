"""What all cases of one lab in one variant share."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.labhost.container import LabHost

if TYPE_CHECKING:
    from kvmlab.course import Course, Lab
    from kvmlab.paths import State
    from kvmlab.setup.materials import Materials


class Stopped(Exception):
    """The run of prove is to end: no case begins anything new."""


@dataclass(frozen=True)
class Bench:
    """A lab in one variant, with what its lab hosts are made from. `tag`: of this run of prove (see leftovers).

    `resume`: what an earlier run has found out is taken over.
    """

    course: Course
    lab: Lab
    materials: Materials
    state: State
    tag: str
    stop: threading.Event
    resume: bool = False

    @property
    def checker(self) -> Path:
        """The lab's checker."""
        return self.course.checker(self.lab.id)

    def host(self, number: int) -> LabHost:
        """A new lab host, not started yet; its name says which run of prove it belongs to."""
        return LabHost(f"{self.tag}.{self.lab.id}", str(number), self.state, self.materials.podman)

    def go_on(self) -> None:
        """Raise Stopped if the run is to end."""
        if self.stop.is_set():
            raise Stopped
