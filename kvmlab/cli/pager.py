"""A text that is longer than the screen, shown a page at a time."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import sys


class Unprinted(io.StringIO):
    """What is going to stand on standard output, in the characters that it can write."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Standard output's."""
        return sys.stdout.encoding


def put_out(text: str, *, paged: bool) -> None:
    """On standard output; where `paged` and it is longer than the screen, through $PAGER, else less(1)."""
    pager = _pager() if paged and is_longer_than_the_screen(text) else []
    if not pager or not shutil.which(pager[0]):
        sys.stdout.write(text)
        return
    less = f"-R {os.environ.get('LESS', '-FX')}"  # without -R it would show our colours as ESC[36m
    env = {"LESSCHARSET": "utf-8"} | os.environ | {"LESS": less}
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the pager's; a handler is not inherited
    try:
        subprocess.run(pager, input=text, encoding=sys.stdout.encoding, errors="replace", env=env, check=False)
    finally:
        signal.signal(signal.SIGINT, before)


def _pager() -> list[str]:
    """The words of $PAGER; where there are none, or a quote is left open, less."""
    try:
        return shlex.split(os.environ.get("PAGER", "")) or ["less"]
    except ValueError:
        return ["less"]


def is_longer_than_the_screen(text: str) -> bool:
    """Whether its first line would have gone when all of it stands there, and the prompt below."""
    try:
        lines = os.get_terminal_size(sys.stdout.fileno()).lines
    except (OSError, ValueError):
        return True  # it cannot be told, and less leaves a short text standing
    return text.count("\n") >= lines
