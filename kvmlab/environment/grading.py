"""One check of a lab that runs: the course's checker against what can be seen of the lab host now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.course import Lab
from kvmlab.paths import State

if TYPE_CHECKING:
    from kvmlab.checks import Report
    from kvmlab.checks.passes import OnProgress


def grade(
    lab: Lab,
    checker: Path,
    run_dir: Path,
    state: State,
    *,
    only: Sequence[str] = (),
    wait_s: float = 0,
    waiting: OnProgress | None = None,
) -> Report:
    """Run the checks of `lab` (of the tasks `only`), waiting up to `wait_s` seconds for what has not passed."""
    from kvmlab.checks import load_checks, run
    from kvmlab.host import open_host

    with open_host(run_dir, state.key_pair("look_key"), lab.guests) as (reader, events):  # connecting meanwhile
        checks = load_checks(checker)
        return run(
            checks,
            reader,
            lab.params,
            lab.tasks,
            lab=lab.id,
            variant=lab.variant,
            only=only,
            wait_s=wait_s,
            events=events,
            on_progress=waiting,
        )
