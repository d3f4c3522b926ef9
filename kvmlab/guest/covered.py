"""Files of a guest that something is mounted over: its next boot reads what is below."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from kvmlab.checks.reader import Cause
from kvmlab.guest.connection import GuestConnection

_READ_AT_BOOT = "/etc"


def covers(guest: GuestConnection, path: str = _READ_AT_BOOT) -> Iterator[Cause]:
    """What is mounted below /etc, over `path` or something in it. Raises CouldNotLook."""
    for line in guest.snapshot("mounts").lines("mounts"):
        place = [*line.split(), "", ""][1]
        below = f"{place}/".startswith(f"{_READ_AT_BOOT}/")
        if below and (f"{path}/".startswith(f"{place}/") or f"{place}/".startswith(f"{path}/")):
            see = shlex.join(("ssh", guest.name, "cat /proc/mounts"))
            yield Cause("covered", place, None, see, alone=True)
