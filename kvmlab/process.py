"""Processes of this computer as /proc has them; and the identity of one: boot, PID namespace, number and start time
(proc(5)). No other process ever has the same.

So whether a lab host still runs is known from its record alone, in microseconds and without asking podman.
"""

import os
from typing import NamedTuple

_DEAD = (b"Z", b"X")
PARENT = "KVMLAB_PARENT"
"""The environment variable in which a kvmlab is told its parent's number, with which it is to end."""
_PDEATHSIG = 1  # linux/prctl.h


class Seen(NamedTuple):
    """A process: its parent and its session, when it started and how long it has computed, both in clock ticks;
    `dead`: nothing but its exit status is left (proc(5))."""

    parent: int
    session: int
    started: int
    ticks: int
    dead: bool


def processes() -> dict[int, Seen]:
    """All that are to be seen, by number."""
    found = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        try:
            fields = _stat(int(entry))
        except OSError:
            continue  # it has ended meanwhile
        found[int(entry)] = Seen(
            int(fields[1]), int(fields[3]), int(fields[19]), int(fields[11]) + int(fields[12]), fields[0] in _DEAD
        )
    return found


def identity(pid: int) -> str:
    """One word for the process that now has this number; "" where it cannot be seen (proc(5), hidepid)."""
    started = _started(pid)
    return f"{boot()}/{_namespace()}/{pid}/{started}" if started else ""


def has_ended(word: str) -> bool | None:
    """Whether the process of that `identity` is no more; None where that cannot be told."""
    try:
        booted, namespace, pid, started = word.split("/")
        if booted != boot():
            return True
        return None if namespace != _namespace() else _started(int(pid)) != started
    except (ValueError, OSError):
        return None


def end_with(parent: int) -> bool:
    """From now on this process gets Ctrl-C (SIGINT) when its parent ends, however that ends (prctl(2),
    PR_SET_PDEATHSIG); False where it has ended already."""
    import ctypes
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have been ignored: a shell's `command &`
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    return os.getppid() == parent


def number(word: str) -> int:
    """The process id in an `identity`; 0 where the word is none."""
    part = word.split("/")[2:3]
    return int(part[0]) if part and part[0].isdigit() else 0


def _started(pid: int) -> str:
    """When it started, in clock ticks after boot; "" where there is none, or nothing but its exit status is left."""
    try:
        fields = _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in _DEAD else fields[19].decode()


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the third on: a name may hold blanks and brackets."""
    with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123
        return stream.read().rpartition(b")")[2].split()


def boot() -> str:
    """One word for this boot of the computer (random(4), boot_id)."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:  # noqa: PTH123
        return stream.read().strip()


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115
