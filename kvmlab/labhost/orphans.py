"""Lab hosts that run on although podman knows them no more: its own state was wiped, or reset, under them.

Each has a conmon(8) as its parent, which carries the container's name in its command line and is not of the lab host.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path


def running_containers(prefix: str) -> dict[str, list[int]]:
    """The containers whose conmon runs here and whose name begins with `prefix`: name to their first processes."""
    found = {}
    for conmon, name in conmons():
        if name.startswith(prefix):
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{conmon}/task/{conmon}/children").read_text().split()
                found[name] = [int(child) for child in children]
    return found


def end(pids: list[int]) -> None:
    """Kill the first process of a container: all others of its PID namespace go with it (pid_namespaces(7))."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def conmons() -> Iterator[tuple[int, str]]:
    """Every conmon here, of whatever podman, and the name of its container.

    Others' command lines are not read: that waits for a process that is being copied, in a fork bomb for minutes.
    """
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if Path(entry.path, "comm").read_bytes() != b"conmon\n":
                continue
            words = Path(entry.path, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-n" in words[:-1]:
            yield int(entry.name), words[words.index(b"-n") + 1].decode(errors="replace")
