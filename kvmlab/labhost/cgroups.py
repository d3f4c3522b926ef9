"""Where in this computer's cgroups a lab host is, in either version (cgroups(7))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def is_version_2() -> bool:
    """Whether all controllers are in the one tree of version 2."""
    return (CGROUPS / "cgroup.controllers").exists()


def tree(controller: str) -> Path:
    """The tree that has a controller."""
    return CGROUPS if is_version_2() else CGROUPS / controller


def cgroup_of(init: int, controller: str) -> Path:
    """The cgroup that podman has made for the lab host with this first process, in the controller's tree. OSError where
    there is none."""
    for folder, _ in _own_cgroups(init, controller):
        if any(folder.glob(f"{controller}.*")):
            return folder
    raise FileNotFoundError(init)


def cgroup_file(init: int, controller: str, first: str, second: str, access: int = os.R_OK) -> Path:
    """A file in the cgroup of the lab host with this first process: `first` where cgroups of version 1 have the
    controller, else `second`. OSError where there is none that may be accessed so."""
    for folder, version in _own_cgroups(init, controller):
        file = folder / (first if version == 1 else second)
        if os.access(file, access):
            return file
    raise FileNotFoundError(init)


def _own_cgroups(init: int, controller: str) -> Iterator[tuple[Path, int]]:
    """Where it may be, and by which version.

    Of the names in its path the first that is podman's counts: those below it are the lab host's to choose.
    """
    lines = (PROC / str(init) / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    for _, controllers, path in (line.split(":", 2) for line in lines):
        names = path.split("/")
        own = next((number for number, name in enumerate(names) if name.startswith("libpod-")), None)
        if own is None or ".." in names:
            continue
        if not controllers or controller in controllers.split(","):
            yield CGROUPS / controllers / "/".join(names[1 : own + 1]), 1 if controllers else 2
