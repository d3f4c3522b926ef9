"""How long this computer has been suspended, which its guests know nothing of: their clocks stood still."""

import time

NOTICED_S = 60
"""Less is what a guest's clock may be off anyway."""


def suspended_s() -> float:
    """Seconds since this computer's boot in which it was suspended (clock_gettime(2): CLOCK_BOOTTIME goes on then,
    CLOCK_MONOTONIC does not)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
