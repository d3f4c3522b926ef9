"""How slow this computer is just now: the factor by which fixed deadlines are stretched.

Where there is a sign, kvmlab.liveness is better. An answer over SSH or from libvirt gives none until it is there.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import thread_time

ADDITIONS, USUAL_S = 20_000, 0.0005
"""What an ordinary processor of these years does in about this time, with Python."""
MOST = 30.0


def given_patience() -> float:
    """$KVMLAB_PATIENCE, 0.1 to 100; where it is not set, or no number, how slow the computer is."""
    try:
        return min(max(float(os.environ["KVMLAB_PATIENCE"]), 0.1), 100)
    except (KeyError, ValueError):
        return slowness()


def slowness() -> float:
    """How many times longer things take than on an ordinary computer with nothing else to do, 1 to 30."""
    return min(max(1.0, _processor()) * _crowd(), MOST)


def _processor() -> float:
    """How many times longer the same work takes: an emulated computer is ten times slower than one with KVM."""
    return min(_additions() for _ in range(3)) / USUAL_S


def _additions() -> float:
    began, total = thread_time(), 0
    for number in range(ADDITIONS):
        total += number
    return thread_time() - began


def _crowd() -> float:
    """How many times longer this thread was ready to run than it ran (proc_pid_schedstat, in nanoseconds)."""
    try:
        ran, waited, _ = map(int, Path("/proc/thread-self/schedstat").read_text().split())
    except (OSError, ValueError):
        return 1.0
    return 1 + waited / max(ran, 1)
