"""The line that moves while something takes long: a turning mark, the step, a bar, the time left. By rich."""

from __future__ import annotations

from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from kvmlab.report.plain import time_left
from kvmlab.safe_text import clean

if TYPE_CHECKING:
    from rich.progress import Progress, Task


class ProgressLine:
    """Shows itself `after_s` seconds after it was made, from a thread of its own."""

    def __init__(self, stream: TextIO, after_s: float) -> None:
        self._stream = stream
        self._lock = Lock()
        self._closed = False
        self._bar: Progress | None = None
        self._last: tuple[str, float | None, float | None] = ("", None, None)
        self._timer = Timer(after_s, self._open)
        self._timer.daemon = True
        self._timer.start()

    def say(self, text: str, fraction: float | None, left_s: float | None) -> None:
        """Show this from now on."""
        with self._lock:
            self._last = (clean(text), fraction, None if left_s is None else monotonic() + left_s)
            if self._bar is not None:
                self._show()

    def close(self) -> None:
        """Take the line away."""
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _open(self) -> None:
        made = _bar(self._stream)
        with self._lock:
            if self._closed:
                return
            self._bar = made
            self._bar.add_task("", total=None, until=None)
            self._show()
            self._bar.start()

    def _show(self) -> None:
        text, fraction, until = self._last
        assert self._bar is not None
        self._bar.update(
            self._bar.task_ids[0],
            description=text,
            total=None if fraction is None else 1.0,
            completed=fraction or 0.0,
            until=until,
        )


def _bar(stream: TextIO) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """The time left, counted down; where none is known, the time spent."""

        def render(self, task: Task) -> Text:
            until: Any = task.fields.get("until")
            if until is not None and until > monotonic():
                return Text(time_left(until - monotonic()), style="cyan")
            return Text(f"{task.elapsed or 0:.0f} s", style="dim")

    class Bar(BarColumn):
        """Only where a measure is known."""

        def render(self, task: Task) -> Any:
            return super().render(task) if task.total else Text("")

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        Bar(bar_width=20),
        Left(),
        console=Console(file=stream),
        transient=True,
        expand=True,
    )
