"""A kvmlab of its own for every test: its own state directory, the images and saved guests shared."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

from kvmlab import words
from kvmlab.course import Course
from kvmlab.paths import State, default_root
from kvmlab.remote.host_root import HostRoot
from kvmlab.slowness import slowness

SHARED = ("images", "saved", "cache", "keys")
REPOSITORY = Path(__file__).parents[1]
_COMPILED = tempfile.TemporaryDirectory(prefix="kvmlab-courses-")

# A shell that runs tests in the background (`./script/test &`) has them ignore Ctrl-C, and all they start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Each test begins in English, whatever the one before spoke."""
    words.set_language("en")
    yield
    words.set_language("en")


@pytest.fixture(scope="session")
def shared_state() -> State:
    """Where tests keep what is dear to make; beside a user's own state, never in it."""
    root = os.environ.get("KVMLAB_TEST_STATE")
    return State(Path(root) if root else default_root().with_name("kvmlab-tests"))


@dataclass
class Kvmlab:
    """The command, as a user types it, in a state directory of this test's own."""

    state: State
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *argv: str, die_at: str = "", env: dict[str, str] | None = None, stdin: str = "", timeout_s: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run `kvmlab ARGV…`; with `die_at` it kills itself at that step."""
        return subprocess.run(
            [sys.executable, "-m", "kvmlab", *argv],
            env=self.environ(die_at, env),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s * slowness(),
        )

    def begin(self, *argv: str) -> subprocess.Popen[str]:
        """Begin it and go on."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", "kvmlab", *argv], env=self.environ(), stdout=pipe, stderr=pipe, text=True
        )

    def environ(self, die_at: str = "", env: dict[str, str] | None = None) -> dict[str, str]:
        """The environment it runs in: a plain one, with this test's state."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KVMLAB_", "LC_", "LANG"))}
        kept |= {"KVMLAB_STATE": str(self.state.root), "KVMLAB_SPARE": "0"}
        kept |= {"LANG": "C.UTF-8", "PYTHONPATH": str(REPOSITORY)}
        return {**kept, **({"KVMLAB_DIE_AT": die_at} if die_at else {}), **self.env, **(env or {})}

    def containers(self) -> list[dict[str, str]]:
        """The containers of this state directory, running or not."""
        from kvmlab.labhost.computer.podman_options import remembered_podman
        from kvmlab.labhost.container import find_containers

        return find_containers(remembered_podman(self.state), self.state)

    def host_root(self) -> HostRoot:
        """The root of the one lab host of this state directory, seen from outside."""
        from kvmlab.labhost.computer.podman_options import remembered_podman
        from kvmlab.labhost.container import LabHost

        (found,) = self.containers()
        return LabHost(found["lab"], found["instance"], self.state, remembered_podman(self.state)).root


def clear(state: State) -> None:
    """Remove every container of `state`."""
    from kvmlab.labhost.computer.podman_options import remembered_podman
    from kvmlab.labhost.container import find_containers, remove_all

    podman = remembered_podman(state)
    remove_all(podman, [found["name"] for found in find_containers(podman, state)])


def new_state(root: Path, shared: State) -> State:
    """A state directory with the shared images in it and nothing else."""
    root.mkdir(exist_ok=True)
    for name in SHARED:
        (root / name).symlink_to(getattr(shared, name))
    return State(root)


@contextlib.contextmanager
def kvmlab_with(root: Path, shared: State, *labs: str, course: Path | None = None) -> Iterator[Kvmlab]:
    """The command for the tests of a module, with lab hosts of `labs` that they share; removed afterwards."""
    kvmlab = Kvmlab(new_state(root, shared), {"KVMLAB_COURSE": str(course)} if course else {})
    try:
        for lab in labs:
            done = kvmlab("start", lab)
            assert done.returncode == 0, done.stderr
        yield kvmlab
    finally:
        clear(kvmlab.state)


@pytest.fixture
def own_state(tmp_path: Path, shared_state: State) -> State:
    """A state directory of this test's own."""
    return new_state(tmp_path / "state", shared_state)


@pytest.fixture
def kvmlab(own_state: State) -> Iterator[Kvmlab]:
    """The command in a fresh state; whatever lab hosts the test leaves are removed."""
    yield Kvmlab(own_state)
    clear(own_state)


@cache
def compiled(root: Path) -> tuple[Course, State]:
    """A course, compiled once in a process: that takes longer than most tests that need it. And where that is kept."""
    state = State(Path(_COMPILED.name) / str(crc32(str(root).encode())))
    return Course.load(root, state), state


def our_course() -> Course:
    """This repository's course."""
    return compiled(REPOSITORY)[0]


def give_compiled(root: Path, state: State) -> None:
    """Let `state` have the course at `root` compiled already."""
    shutil.copytree(compiled(root)[1].cache, state.cache, dirs_exist_ok=True)


@pytest.fixture
def bare_kvmlab(tmp_path: Path) -> Kvmlab:
    """The command in a state with nothing but the compiled course, for tests that start no lab host."""
    state = State(tmp_path / "bare")
    give_compiled(REPOSITORY, state)
    return Kvmlab(state)


RunKvmlab = Callable[..., subprocess.CompletedProcess[str]]
