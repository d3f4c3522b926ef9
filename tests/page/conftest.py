"""A page that is served: the real `kvmlab serve`, spoken to as a browser does."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import ClientConnection, connect

from kvmlab.paths import State
from kvmlab.slowness import slowness
from tests.conftest import REPOSITORY, Kvmlab, new_state
from tests.page.session import Answered, PageSession

if TYPE_CHECKING:
    from tests.page.browser import Browser

# Ubuntu has Chromium as a snap alone, which runs in no container: there the page is tested without a browser.
IN_A_BROWSER = ["test_access.py", "test_browser.py", "test_first_guest.py", "test_running.py"]
collect_ignore = [] if Path("/usr/bin/chromedriver").exists() else IN_A_BROWSER
LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=(\S+)")


class Served(PageSession):
    """A `kvmlab serve`, and a browser's session with it."""

    def __init__(self, kvmlab: Kvmlab, log: Path, *options: str) -> None:
        self.kvmlab, self.log, self.options = kvmlab, log, options
        self.start()

    def start(self) -> None:
        """Begin it, and wait for its first link."""
        with self.log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kvmlab", "serve", *self.options],
                env=self.kvmlab.environ(), stdout=stream, stderr=subprocess.STDOUT, cwd=REPOSITORY,
            )  # fmt: skip
        for _ in range(int(300 * slowness())):
            if self.links():
                break
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            signal.sigtimedwait([], 0.1)
        self.port = int(self.links()[-1][0])
        self.origin = f"http://127.0.0.1:{self.port}"

    def links(self) -> list[tuple[str, str]]:
        """Port and token of each link that it has printed."""
        return LINK.findall(self.log.read_text())

    @property
    def link(self) -> str:
        """The link that lets a browser in."""
        port, token = self.links()[-1]
        return f"http://127.0.0.1:{port}/#token={token}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def login(self) -> Answered:
        """Be let in by the last link."""
        return self.come_in(token=self.links()[-1][1])

    def socket(self, path: str, query: str = "", **headers: str) -> ClientConnection:
        """A WebSocket, as the page opens it."""
        status, told, _ = self.post("/api/ticket", {"path": path})
        ticket = told["ticket"] if status == 200 else ""
        sent = {"Origin": self.origin, "Cookie": self.cookie, **headers}
        return connect(f"ws://{self.host}{path}?ticket={ticket}&{query}", additional_headers=sent, proxy=None)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A Chromium of this test's own."""
    from tests.page.browser import Browser

    found = Browser(tmp_path / "chromium")
    yield found
    found.driver.quit()


Serving = Callable[..., Served]


def ended(served: Served) -> None:
    """Whatever it was, it is gone."""
    if served.process.poll() is None:
        served.stop()


@pytest.fixture
def serving(tmp_path: Path, shared_state: State) -> Iterator[Serving]:
    """Serves, in a state directory of the test's own; whatever was begun is ended."""
    begun: list[Served] = []
    own = Kvmlab(new_state(tmp_path / "served", shared_state))

    def serve(*options: str, kvmlab: Kvmlab = own) -> Served:
        begun.append(Served(kvmlab, tmp_path / f"serve-{len(begun)}.log", *options))
        return begun[-1]

    yield serve
    for one in begun:
        ended(one)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Served]:
    """One for all tests of a module that only ask, let in already."""
    folder = tmp_path_factory.mktemp("served")
    found = Served(Kvmlab(new_state(folder / "state", shared_state)), folder / "serve.log")
    found.login()
    yield found
    ended(found)
