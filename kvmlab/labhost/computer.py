"""What findings about this computer hang on: its kernel, its podman, its user."""

from __future__ import annotations

import os
from pathlib import Path

from kvmlab.labhost.podman import program


def boot_and_podman() -> dict[str, str]:
    """What everything hangs on that was tried with a container: one boot of one kernel, one podman, one user."""
    podman = Path(program()).stat()
    return {
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "kernel": os.uname().release,
        "podman": str(podman.st_mtime_ns),
        "user": str(os.getuid()),
    }
