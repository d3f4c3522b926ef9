"""What every verb is given: the course, the state directory and how to speak."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.paths import State

if TYPE_CHECKING:
    from kvmlab.course import Course


class Context:
    """The global options, resolved: option, else environment variable KVMLAB_…, else the default."""

    def __init__(
        self, *, course: str | None = None, lang: str = "en", variant: str | None = None, color: str = "auto"
    ) -> None:
        self.lang = lang
        self.variant = variant
        self.color_wanted = color
        self._course_dir = course
        self.state = State()

    @cached_property
    def course_dir(self) -> Path:
        """The course: --course, $KVMLAB_COURSE, else the one kvmlab came with."""
        return Path(self._course_dir).absolute() if self._course_dir else own_course()

    @cached_property
    def course(self) -> Course:
        """The catalogue of `course_dir`."""
        from kvmlab.course import Course

        return Course.load(self.course_dir, self.state)

    def color(self, stream: object = None) -> bool:
        """Whether to colour what goes to `stream` (standard output): --color, NO_COLOR, a terminal."""
        if self.color_wanted != "auto":
            return self.color_wanted == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        target = stream or sys.stdout
        return bool(getattr(target, "isatty", lambda: False)())


def own_course() -> Path:
    """The course in the wheel (kvmlab/own_course), or that of the checkout we run from."""
    package = Path(__file__).parents[1]
    inside = package / "own_course"
    return inside if inside.is_dir() else package.parent
