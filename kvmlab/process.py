"""The identity of a process: boot, PID namespace, number and start time (proc(5)); no other process ever has the same.

So whether a lab host still runs is known from its record alone, in microseconds and without asking podman.
"""

import os


def identity(pid: int) -> str:
    """One word for the process that now has this number; "" where it cannot be seen (proc(5), hidepid)."""
    started = _started(pid)
    return f"{_boot()}/{_namespace()}/{pid}/{started}" if started else ""


def has_ended(word: str) -> bool | None:
    """Whether the process of that `identity` is no more; None where that cannot be told."""
    try:
        boot, namespace, pid, started = word.split("/")
        if boot != _boot():
            return True
        return None if namespace != _namespace() else _started(int(pid)) != started
    except (ValueError, OSError):
        return None


def number(word: str) -> int:
    """The process id in an `identity`; 0 where the word is none."""
    part = word.split("/")[2:3]
    return int(part[0]) if part and part[0].isdigit() else 0


def _started(pid: int) -> str:
    """When it started, in clock ticks after boot; "" where there is none, or nothing but its exit status is left."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123
            fields = stream.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:  # noqa: PTH123
        return stream.read().strip()


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115
