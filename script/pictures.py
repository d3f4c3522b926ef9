#!/usr/bin/env python3
"""script/pictures.py: the pictures of README, docs/*.svg, each from a real run of kvmlab in a terminal.

Starts the lab, does what PICTURES says on it, takes down what the terminal shows, and finishes the lab.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
LAB, COLUMNS = "network-bridge", 108
BEGUN = "brctl addbr br0; ip link set br0 up; brctl addif br0 ens33"
"""What is done of the lab, so that the check has something to show of each kind."""
PICTURES: dict[str, Sequence[str]] = {"map": ("map", LAB), "check": ("check", LAB, "bridge", "uplink")}
THEME = TerminalTheme(
    (24, 26, 31), (214, 216, 220),
    [(40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123),
     (97, 175, 239), (198, 120, 221), (86, 182, 194), (190, 194, 201)],
)  # fmt: skip
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""What a viewer would fetch from somewhere; without it, it takes a font of its own."""


def kvmlab(*argv: str) -> None:
    """Run it; its messages go to this terminal."""
    subprocess.run([sys.executable, "-m", "kvmlab", *argv], cwd=ROOT, check=True)


def shown(*argv: str) -> str:
    """What the command shows on a terminal, colours and all."""
    parent, child = pty.openpty()
    env = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    argv = (sys.executable, "-m", "kvmlab", *argv)
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdin=child, stdout=child, stderr=subprocess.DEVNULL) as process:
        os.close(child)
        taken = io.BytesIO()
        while data := _read(parent):
            taken.write(data)
    os.close(parent)
    assert process.returncode in (0, 1), f"{argv} ended with {process.returncode}"
    return taken.getvalue().decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """What comes next; nothing when the other end is closed (pty(7): EIO)."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def picture(name: str, argv: Sequence[str]) -> None:
    """docs/NAME.svg: the command as it is typed, and what it shows."""
    text = Text.from_ansi(f"$ kvmlab {' '.join(argv)}\n{shown(*argv)}".rstrip())
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text)
    svg = console.export_svg(title="kvmlab", theme=THEME, unique_id=name)
    lines = (line.rstrip() for line in FONTS.sub("", svg).splitlines())
    (ROOT / "docs" / f"{name}.svg").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Take all of them."""
    kvmlab("start", LAB)
    try:
        kvmlab("exec", LAB, "--", "sh", "-c", BEGUN)
        for name, argv in PICTURES.items():
            picture(name, argv)
    finally:
        kvmlab("finish", LAB)


if __name__ == "__main__":
    main()
