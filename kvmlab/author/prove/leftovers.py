"""What runs of `prove` leave behind, found and removed: at the end, at Ctrl-C, and, of a killed run, at the next.

Each run has a tag, `_prove-1a2b3c4d`, which every container, run directory and record of it carries, and a lock of
that name. The kernel frees the lock when the run dies, however it dies: what nobody holds is anybody's to remove.
No student's lab is ever called so, since a course's tag begins with a letter or digit.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import find_containers, remove_all
from kvmlab.paths import State

TAG = re.compile(r"_prove-[0-9a-f]{8}")


@contextlib.contextmanager
def run_tag(state: State) -> Iterator[str]:
    """A tag of our own; everything that carries it is gone when the block ends. Sweeps dead runs first."""
    sweep_dead(state)
    tag = f"_prove-{secrets.token_hex(4)}"
    with state.lock(tag):
        try:
            yield tag
        finally:
            sweep(state, tag)
            _lock_file(state, tag).unlink(missing_ok=True)


def sweep_dead(state: State) -> None:
    """Remove what runs that have died left: those whose lock nobody holds."""
    for tag in sorted(_tags(state)):
        with contextlib.suppress(CannotRun), state.lock(tag, wait=False):
            sweep(state, tag)
            _lock_file(state, tag).unlink(missing_ok=True)


def sweep(state: State, tag: str) -> None:
    """Remove the containers, run directories and records of one run."""
    podman = remembered_podman(state)
    containers = [found for found in find_containers(podman, state) if found["lab"].startswith(tag)]
    remove_all(podman, [found["name"] for found in containers])
    for path in [*state.run.glob(f"{tag}*"), *state.labs.glob(f"{tag}*")]:
        shutil.rmtree(path, ignore_errors=True)
    for lock in state.locks.glob(f"lab-{tag}*.lock"):
        lock.unlink(missing_ok=True)


def _tags(state: State) -> set[str]:
    """The tags of all runs that have left anything, dead or alive."""
    names = [path.name for folder in (state.run, state.labs, state.locks) for path in folder.iterdir()]
    with contextlib.suppress(CannotRun):
        names += [found["lab"] for found in find_containers(remembered_podman(state), state)]
    return {found[0] for name in names if (found := TAG.search(name))}


def _lock_file(state: State, tag: str) -> Path:
    return state.locks / f"{tag}.lock"
