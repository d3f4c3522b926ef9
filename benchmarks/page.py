"""The page, in a real Chromium: from a command to green, loaded, idle, and in the middle of a flood of output."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.place import Place, leader, state_beside
from benchmarks.timing import KVMLAB, Row, tell

if TYPE_CHECKING:
    from tests.page.browser import Browser

LAB = "network-bridge"
CHANGES, IDLE_S, QUIET_S, UNTIL_S = 30, 60.0, 35.0, 60.0
LOOKS = b"/usr/lib/kvmlab/look"
"""What answers on the lab host."""
LINK = re.compile(r"(http://\S+)/#\S+")
FLOOD = "s=$(date +%s%N); ls -lR / 2>/dev/null; echo $(($(date +%s%N) - s)) >/tmp/took"
"""Nanoseconds of `ls -lR /` on a terminal that holds it up for as long as it has something to show."""
BEFORE_ALL = """
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && !event.ctrlKey) return;
  Object.assign(window, { pressed: performance.now(), turned: 0, stopped: 0 });
}, true);
const look = () => {
  const now = performance.now(), passed = document.querySelectorAll(".check.passed").length;
  if (!window.usable && document.querySelector(".task") && document.querySelector(".bar .state")) window.usable = now;
  if (passed !== window.passed) Object.assign(window, { passed, turned: window.turned || now });
  const rows = [...document.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent.trim()).filter(Boolean);
  if (/#$/.test(rows.at(-1) ?? "")) window.stopped ||= now;
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""When, in milliseconds of the page: it can be used; Enter, or a key with Ctrl, was pressed; another number of checks
had passed; the shell asked for the next command."""


def rows(rounds: int) -> list[Row]:
    """All figures; `rounds` of each but the changes."""
    place = Place(state_beside("page"), LAB)
    place.run("start")
    try:
        with _served(place) as (server, browser, page):
            return list(_rows(place, server, browser, page, rounds))
    finally:
        place.run("finish")


def _rows(place: Place, server: int, browser: Browser, page: str, rounds: int) -> Iterator[Row]:
    usable = median(_usable(browser, page) for _ in range(rounds))
    yield Row("page, loaded and drawn", usable, "at most", 1.0, "<= 1")
    browser.wait(lambda: browser.terminal().rstrip().endswith("#"))
    browser.type("brctl addbr br0\n")
    browser.wait(lambda: browser.texts(".check.passed"))
    tell("page: changes")
    turned = median(_turned(browser, "on" if number % 2 == 0 else "off") for number in range(CHANGES))
    yield Row("page, from Enter to green", turned, "at most", 0.5, "<= 1")
    yield Row("page, Ctrl-C in a flood", median(_stopped(browser) for _ in range(rounds)), "at most", 0.2, "<= 1")
    ours = median(_flood(place, lambda: browser.type(f"{FLOOD}\n")) for _ in range(rounds))
    with _display() as display:
        theirs = median(_flood(place, lambda: _in_xterm(place, display)) for _ in range(rounds))
    yield Row("page, ls -lR /", ours, "xterm, kvmlab shell", theirs, "<= 2")
    yield Row("page, idle, processor", _idle(server, leader(place.host)) * 1000, "at most", 10, "<= 1", "‰ of a core")


@contextlib.contextmanager
def _served(place: Place) -> Iterator[tuple[int, Browser, str]]:
    """The server's process, a browser that was let in, and the lab's address."""
    from tests.page.browser import Browser

    argv = [KVMLAB, "serve"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(argv, env=place.env, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout
        found = next(found for line in server.stdout if (found := LINK.search(line)))
        browser = Browser(Path(folder))
        try:
            browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE_ALL})
            browser.open(found[0])
            browser.wait(lambda: browser.texts(".labs"))
            yield server.pid, browser, f"{found[1]}/#/lab/{LAB}"
        finally:
            browser.driver.quit()
            server.terminate()


def _said(browser: Browser, name: str) -> float:
    """A time of BEFORE_ALL, in milliseconds, once it is there."""
    browser.wait(lambda: browser.driver.execute_script(f"return window.{name}"), UNTIL_S)
    return float(browser.driver.execute_script(f"return window.{name}"))


def _usable(browser: Browser, page: str) -> float:
    browser.open("about:blank")
    browser.open(page)
    return _said(browser, "usable") / 1000


def _turned(browser: Browser, word: str) -> float:
    browser.type(f"brctl stp br0 {word}\n")
    seconds = (_said(browser, "turned") - _said(browser, "pressed")) / 1000
    time.sleep(1)  # a student does not type at once
    return seconds


def _stopped(browser: Browser) -> float:
    from selenium.webdriver import Keys

    browser.type("clear; yes\n")
    time.sleep(2)
    browser.press(Keys.CONTROL, "c")
    return (_said(browser, "stopped") - _said(browser, "pressed")) / 1000


def _flood(place: Place, begin: Callable[[], None]) -> float:
    """Seconds of FLOOD, on the terminal on which `begin` has it run."""
    place.host.execute(["rm", "-f", "/tmp/took"])
    begin()
    while not (took := place.host.execute(["cat", "/tmp/took"]).stdout.strip()):
        time.sleep(0.5)
    return int(took) / 1e9


def _in_xterm(place: Place, display: str) -> None:
    file = "/etc/profile.d/flood.sh"
    place.host.execute(["sh", "-c", f"echo '{FLOOD}; exit' >{file}"])
    argv = ["xterm", "-display", display, "-geometry", "100x40", "-e", KVMLAB, "shell", LAB]
    subprocess.run(argv, env=place.env, check=True, stderr=subprocess.DEVNULL)  # fonts that it does without
    place.host.execute(["rm", file])


@contextlib.contextmanager
def _display() -> Iterator[str]:
    read, write = os.pipe()
    argv = ["Xvfb", "-displayfd", str(write), "-nolisten", "tcp", "-screen", "0", "1280x1024x24"]
    with subprocess.Popen(argv, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as said:
            yield f":{said.readline().strip()}"
        server.terminate()


def _idle(server: int, init: int) -> float:
    """The part of a core that the server, all it has begun and what looks for it on the lab host take while nobody does
    anything, some time after something was done."""
    time.sleep(QUIET_S)
    looking = [pid for pid in _below(init) if LOOKS in Path(f"/proc/{pid}/cmdline").read_bytes()]
    before = sum(map(_ticks, [server, *looking]))
    time.sleep(IDLE_S)
    return (sum(map(_ticks, [server, *looking])) - before) / os.sysconf("SC_CLK_TCK") / IDLE_S


def _ticks(pid: int) -> int:
    """Processor time of a process, its descendants, and those that have ended (proc_pid_stat(5))."""
    return sum(_own_ticks(one) for one in _below(pid))


def _own_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _below(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(deeper for file in children for one in file.read_text().split() for deeper in _below(int(one)))]
