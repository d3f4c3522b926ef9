"""A word to students, on whatever terminal they have: at the door, in a shell on a lab host, in the pager.

It is written to the terminals of the kvmlabs that work in a student's state directory, so lab hosts are not asked.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from kvmlab.safe_text import clean_code

MOST = 2000  # characters


def put(root: Path, text: str) -> int:
    """Show the text on each terminal of the state directory; on how many. One that does not take it is left out."""
    lines = ["", *clean_code(text[:MOST]).splitlines(), ""]
    raw = "\a" + "".join(f"{line}\r\n" for line in lines)
    return sum(_written(path, raw.encode()) for path in _terminals(root).values())


def _terminals(root: Path) -> dict[str, Path]:
    """By its name each terminal on which a kvmlab of that state directory writes (proc(5)), and a way to open it.

    Not those of processes on lab hosts, which may have whatever they like as environment, and as /dev/pts.
    """
    mark, found = f"\0KVMLAB_STATE={root}\0".encode(), {}
    ours = Path("/proc/self/ns/mnt").readlink()
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if not process.name.isdigit() or (process / "ns/mnt").readlink() != ours:
                continue
            if mark in b"\0" + (process / "environ").read_bytes() + b"\0":
                name = str((process / "fd/1").readlink())
                if name.startswith("/dev/pts/"):
                    found[name] = process / "fd/1"
    return found


def _written(path: Path, raw: bytes) -> bool:
    try:
        terminal = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.write(terminal, raw) == len(raw)
    except OSError:
        return False
    finally:
        os.close(terminal)
