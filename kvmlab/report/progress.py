"""How far something is that takes a while, and how long it will still take; always on standard error.

On a terminal one line that moves, shown only after a second and gone at the end; elsewhere plain lines. What has
no measure of its own is measured by how long it took the last time. rich is imported when its line is first
shown, in a thread beside the work: most of what is quick never pays for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Literal, Protocol, TextIO

from kvmlab import __version__
from kvmlab.grading.passes import Waiting
from kvmlab.report.plain import time_left
from kvmlab.safe_text import clean
from kvmlab.state import cache
from kvmlab.words import t

Mode = Literal["auto", "plain", "none"]

AFTER_S = 1.0  # what ends sooner is not shown
EVERY_S = 10.0  # between two plain lines about the same thing


class Shown(Protocol):
    """A place where progress is shown."""

    def say(self, text: str, fraction: float | None, left_s: float | None) -> None:
        """`text` is being done; `fraction` of it (0 to 1) is; about `left_s` seconds remain."""

    def close(self) -> None:
        """It is done."""


class Steps:
    """Told by what does the work: `step("unpacking", 0.4)`."""

    def __init__(self, shown: Shown, history: History) -> None:
        self._shown, self._history = shown, history
        self._text, self._began = "", monotonic()

    def step(self, text: str, fraction: float | None = None) -> None:
        """`text` is being done now, in the user's language; `fraction` (0 to 1) of it where that is known."""
        if text != self._text:
            self.end()
            self._text, self._began = text, monotonic()
        self._shown.say(text, fraction, self._left(fraction))

    def end(self) -> None:
        """The last step is over."""
        if self._text:
            self._history.took(self._text, monotonic() - self._began)
        self._text = ""

    def _left(self, fraction: float | None) -> float | None:
        spent = monotonic() - self._began
        if fraction:
            return max(0.0, spent * (1 - fraction) / fraction)
        usual = self._history.usual(self._text)
        return None if usual is None else max(0.0, usual - spent)


class History:
    """How long steps took the last time, in a file of the state directory; a damaged one counts as none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._before: dict[str, float] | None = None
        self._now: dict[str, float] = {}

    def usual(self, text: str) -> float | None:
        """Seconds that `text` took the last time."""
        if self._before is None:
            self._before = self._read()
        return self._before.get(text)

    def took(self, text: str, seconds: float) -> None:
        """Note it for the next time."""
        self._now[text] = round(seconds, 2)

    def save(self) -> None:
        """Keep what was noted; where that cannot be written, do without."""
        if self._path is None or not self._now or not self._path.parent.is_dir():
            return
        cache.save(self._path, __version__, dict(list((self._read() | self._now).items())[-200:]))

    def _read(self) -> dict[str, float]:
        found = cache.load(self._path, lambda stamp: bool(stamp == __version__)) if self._path else None
        try:
            return {str(text): float(seconds) for text, seconds in (found or {}).items()}
        except (ValueError, TypeError, AttributeError):
            return {}


@contextmanager
def progress(mode: Mode = "auto", *, stream: TextIO | None = None, history: Path | None = None) -> Iterator[Steps]:
    """Show the steps of what is done inside. `history`: where to keep how long they took."""
    kept = History(history or _default_history())
    with _shown(mode, stream) as shown:
        steps = Steps(shown, kept)
        yield steps
        steps.end()
    kept.save()


@contextmanager
def waiting(mode: Mode = "auto", *, stream: TextIO | None = None) -> Iterator[Callable[[Waiting], None]]:
    """Show what a check waits for, and how long it still will."""
    with _shown(mode, stream) as shown:

        def tell(now: Waiting) -> None:
            if now.left_s is not None:
                shown.say(now.text, 1 - now.left_s / now.total_s if now.total_s else None, now.left_s)
            elif not isinstance(shown, Lines):  # looking is quick; only a line that moves needs it
                shown.say(t("looking: {what}", what=now.text), now.passed / max(1, now.checks), None)

        yield tell


@contextmanager
def _shown(mode: Mode, stream: TextIO | None) -> Iterator[Shown]:
    shown = _place(mode, stream or sys.stderr)
    try:
        yield shown
    finally:
        shown.close()


def _place(mode: Mode, stream: TextIO) -> Shown:
    if mode == "none":
        return NoProgress()
    if mode == "plain" or not stream.isatty():
        return Lines(stream)
    from kvmlab.report.progress_line import ProgressLine

    return ProgressLine(stream, AFTER_S)


def _default_history() -> Path:
    from kvmlab.paths import State

    return State().shared.root / "cache" / "durations.json"


class NoProgress:
    """Shows nothing."""

    def say(self, text: str, fraction: float | None, left_s: float | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """A line when something else is being done, and every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text, self._said = "", 0.0

    def say(self, text: str, fraction: float | None, left_s: float | None) -> None:
        """One line, if it is time."""
        if text == self._text and monotonic() - self._said < EVERY_S:
            return
        self._text, self._said = text, monotonic()
        print(f"{clean(text)}…{_measure(fraction, left_s)}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


def _measure(fraction: float | None, left_s: float | None) -> str:
    part = "" if fraction is None else f"{fraction:.0%}"
    left = "" if left_s is None else time_left(left_s)
    both = t("{part}, {left}", part=part, left=left) if part and left else part or left
    return f" {both}" if both else ""
