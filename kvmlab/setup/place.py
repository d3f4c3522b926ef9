"""Where a lab runs: what its record, its lock and its lab hosts are found by."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from kvmlab.labhost.record import Run, run_of
from kvmlab.paths import State


@dataclass(frozen=True)
class Place:
    """Where a lab runs: one lab of one course in one state directory."""

    state: State
    course_tag: str
    lab: str

    def run(self) -> Run | None:
        """What is known of a start that has begun and not been undone; None where there is none."""
        return run_of(self.state, self.course_tag, self.lab)

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Alone among all kvmlabs that start, solve, reset or finish this lab."""
        return self.state.lock(f"lab-{self.course_tag}-{self.lab}", wait=False)

    @property
    def label(self) -> str:
        """What its containers are labelled with."""
        return f"{self.course_tag}.{self.lab}"

    @property
    def labels(self) -> tuple[str, str]:
        """The labels of the lab host and of its copy: everything that may be there of this lab."""
        return self.label, self.label_copy

    @property
    def label_copy(self) -> str:
        """The label of the copy in which the next start is rehearsed."""
        return f"{self.label}_copy"
