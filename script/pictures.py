#!/usr/bin/env python3
"""script/pictures.py: the pictures of README, each from a real run of kvmlab.

docs/*.svg in a terminal, docs/page-*.webp in a Chromium (`./script/setup test` has it).
Starts the lab, does what PICTURES says on it, takes down what is shown, and finishes the lab.
"""

from __future__ import annotations

import base64
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
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
LINK = re.compile(r"http://\S+")
PAGE = (1360, 800)
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


def of_the_page() -> None:
    """docs/page-light.webp and docs/page-dark.webp: the lab in a browser, with a command typed."""
    with subprocess.Popen(
        [sys.executable, "-m", "kvmlab", "serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        link = next(found[0] for line in server.stdout if (found := LINK.search(line)))
        try:
            _of_the_page(link)
        finally:
            server.terminate()


def _of_the_page(link: str) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.page.browser import Browser

    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(Path(folder))
        try:
            browser.driver.set_window_size(*PAGE)
            browser.open(link)
            browser.wait(lambda: f"#/lab/{LAB}" in browser.driver.page_source)
            browser.open(f"{link.partition('#')[0]}#/lab/{LAB}")
            browser.wait(lambda: "kvmhost:~#" in browser.terminal() and browser.texts(".check.failed"))
            browser.type("brctl show\n")
            browser.wait(lambda: "interfaces" in browser.terminal())
            browser.driver.execute_script("document.querySelector('.task .checks').scrollIntoView({block: 'center'})")
            for colours in ("light", "dark"):
                wanted = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
                browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
                browser.driver.execute_async_script("setTimeout(arguments[0], 500)")  # the terminal is drawn anew
                taken = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 75})
                (ROOT / "docs" / f"page-{colours}.webp").write_bytes(base64.b64decode(taken["data"]))
        finally:
            browser.driver.quit()


def main() -> None:
    """Take all of them."""
    kvmlab("start", LAB)
    try:
        kvmlab("exec", LAB, "--", "sh", "-c", BEGUN)
        for name, argv in PICTURES.items():
            picture(name, argv)
        of_the_page()
    finally:
        kvmlab("finish", LAB)


if __name__ == "__main__":
    main()
