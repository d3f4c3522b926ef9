"""`kvmlab check --rehearse` of a solved lab: what somebody waits who wants to know what the next start brings."""

from __future__ import annotations

from benchmarks.place import Place, state_beside
from benchmarks.timing import Row, in_turns, timed

LAB = "network-bridge"
MOST_S = 12


def rows(rounds: int) -> list[Row]:
    """The table's part: copied, booted, its guest booted and asked, and the copy gone again."""
    place = Place(state_beside("rehearse"), LAB)
    place.run("reset")
    try:
        place.run("solve")
        argv = [*place.argv("check"), "--rehearse"]
        taken = in_turns({"rehearse": lambda: timed(argv, place.env)}, rounds)
    finally:
        place.run("finish")
    return [Row(f"check --rehearse {LAB}, solved", taken["rehearse"], "what was wanted", MOST_S, "<= 1")]
