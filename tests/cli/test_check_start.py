"""What a check loads and opens: nothing that only starting a lab host needs, and no file twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from kvmlab import process
from kvmlab.course import Course
from kvmlab.labhost.known_host import IDENTITY, Identity, KnownLabHost
from kvmlab.labhost.record import RUNNING, Run, write
from kvmlab.paths import State
from tests.conftest import REPOSITORY, Kvmlab

LAB = "network-bridge"
COURSE = ("course.", "labs", "checkers", "solutions")
UNUSED = (  # with what is below each
    "kvmlab.author", "kvmlab.cli.completion", "kvmlab.cli.exam.prompt", "kvmlab.cli.exam.session", "kvmlab.course.book",
    "kvmlab.course.catalogue_builder", "kvmlab.course.exam", "kvmlab.course.lab.compiler", "kvmlab.course.quiz",
    "kvmlab.course.template", "kvmlab.disk_space", "kvmlab.guest.netconfig.netplan", "kvmlab.images",
    "kvmlab.install_command",
    "kvmlab.labhost.computer", "kvmlab.labhost.confinement", "kvmlab.labhost.container", "kvmlab.labhost.podman",
    "kvmlab.labhost.seccomp", "kvmlab.observe.rehearsed_grade", "kvmlab.observe.topology", "kvmlab.report.show",
    "kvmlab.setup.lifecycle", "kvmlab.setup.materials", "asyncio", "jinja2", "markdown_it", "rich", "secrets", "yaml",
)  # fmt: skip
DRIVER = """
import collections, json, sys
opened = collections.Counter()
def count(event, args):
    if event == "open" and isinstance(args[0], str):
        opened[args[0]] += 1
sys.addaudithook(count)
from kvmlab.cli.main import main
status = main(sys.argv[2:])
with open(sys.argv[1], "w") as stream:
    json.dump({"status": status, "modules": sorted(sys.modules), "opened": opened}, stream)
"""


class Looked(NamedTuple):
    """What a check did that found no lab host behind its record."""

    status: int
    modules: set[str]
    opened: Mapping[str, int]


@pytest.fixture
def looked(bare_kvmlab: Kvmlab, tmp_path: Path) -> Looked:
    """A check of a lab whose record says that it runs: its first process is this one, where no socket is found."""
    pretend_to_run(bare_kvmlab.state)
    assert bare_kvmlab("check", LAB).returncode == 3
    out = tmp_path / "out.json"
    argv = [sys.executable, "-c", DRIVER, str(out), "check", LAB]
    subprocess.run(argv, env=bare_kvmlab.environ(), stdout=subprocess.DEVNULL, check=True)
    found = json.loads(out.read_text(encoding="utf-8"))
    return Looked(found["status"], set(found["modules"]), found["opened"])


def pretend_to_run(state: State) -> None:
    """The record and the run directory of a lab host that never was."""
    course, init = Course.load(REPOSITORY, state), process.identity(os.getpid())
    write(state, course.tag, Run(LAB, RUNNING, None, "2026-11-27T10:00:00+00:00", course.lab(LAB), "i1", init))
    host = KnownLabHost(f"{course.tag}.{LAB}", "i1", state)
    host.run_dir.mkdir(parents=True)
    (host.run_dir / IDENTITY).write_text(json.dumps(Identity(None, "ssh-ed25519 AAAA", init)._asdict()))
    state.key_pair("look_key")


def test_loads_no_module_that_it_does_not_use(looked: Looked) -> None:
    assert looked.status == 3
    assert "kvmlab.host.reader" in looked.modules, "it has tried to look"
    below = tuple(f"{name}." for name in UNUSED)
    assert sorted(name for name in looked.modules if f"{name}.".startswith(below)) == []


def test_opens_no_file_twice(looked: Looked, bare_kvmlab: Kvmlab) -> None:
    ours = {name: times for name, times in looked.opened.items() if is_data(name, bare_kvmlab.state)}
    assert any(name.endswith(f"{LAB}.json") for name in ours), "the record is among them"
    assert {name: times for name, times in ours.items() if times > 1} == {}


def is_data(name: str, state: State) -> bool:
    """A file of the state directory or of the course."""
    return name.startswith(tuple(str(folder) for folder in (state.root, *(REPOSITORY / part for part in COURSE))))
