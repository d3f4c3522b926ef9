"""How often codes were wrong lately: who tries too many is answered late."""

from __future__ import annotations

import time
from collections import deque

WRONG, WRONG_S, SLOW_S, MOST_WRONG = {"student": 10, "address": 200}, 600.0, 10.0, 5000
"""After so many wrong codes within ten minutes, for one student or from one address (a school may have but one), each
wrong one is answered late. The right one lets in at once all the same: nobody can keep another out by trying codes in
their name, and 59 bits are not guessed at this pace. Of so many students and addresses it is known."""


class WrongCodes:
    """By student and by address."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], deque[float]] = {}

    def too_often(self, **who: str) -> bool:
        """Whether any of them is answered late."""
        self._forget()
        return any(len(self._times.get(one, ())) >= WRONG[one[0]] for one in who.items())

    def again(self, **who: str) -> None:
        """Once more."""
        for one in who.items():
            self._times.setdefault(one, deque(maxlen=WRONG[one[0]])).append(time.monotonic())
        while len(self._times) > MOST_WRONG:
            del self._times[next(iter(self._times))]

    def _forget(self) -> None:
        oldest = time.monotonic() - WRONG_S
        for one, times in list(self._times.items()):
            while times and times[0] < oldest:
                times.popleft()
            if not times:
                del self._times[one]
