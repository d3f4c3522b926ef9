"""One lab host takes what it can get; the next one's checks say what they said."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.greed import BOMBS
from kvmlab.labhost.computer.findings import enforced_limits
from kvmlab.labhost.known_host import KnownLabHost, known_hosts
from kvmlab.labhost.own_limits import OwnLimits, set_limits
from kvmlab.labhost.preference import TIMES, preferred, weight_file
from kvmlab.labhost.together import Held, held
from kvmlab.paths import State
from kvmlab.process import number
from tests.conftest import Kvmlab, kvmlab_with

pytestmark = pytest.mark.guest
FORKS = """
import os, signal
children = []
try:
    while len(children) < 250:
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except BlockingIOError:
    print("refused")
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
GREEDY, NEIGHBOUR = "storage-pool", "network-bridge"

LIMITS = {"6 GiB of memory": "memory", "a fork bomb": "processes"}
"""The limit that each bomb runs into, of those that a computer can always enforce."""


@pytest.fixture(scope="module")
def kvmlab(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Kvmlab]:
    with kvmlab_with(tmp_path_factory.mktemp("limits"), shared_state, GREEDY, NEIGHBOUR) as kvmlab:
        yield kvmlab


def verdicts(kvmlab: Kvmlab) -> dict[str, str]:
    found = json.loads(kvmlab("check", NEIGHBOUR, "--json").stdout)
    return {check["id"]: check["verdict"] for task in found["tasks"] for check in task["checks"]}


@pytest.mark.parametrize("what", BOMBS)
def test_a_greedy_lab_host_turns_no_verdict_of_the_next_one(kvmlab: Kvmlab, what: str) -> None:
    before = verdicts(kvmlab)
    process = kvmlab.begin("exec", GREEDY, "--", "timeout", "8", "sh", "-c", BOMBS[what])
    during = [verdicts(kvmlab) for _ in range(3)]
    process.communicate(timeout=120)
    assert during == [before] * 3
    if LIMITS.get(what) in enforced_limits(kvmlab.state):
        assert process.returncode != 0
    assert verdicts(kvmlab) == before
    assert kvmlab("exec", GREEDY, "--", "virsh", "version").returncode == 0  # its own systemd and libvirtd outlive it


def test_the_one_that_is_looked_at_weighs_more_than_its_neighbours(kvmlab: Kvmlab) -> None:
    (label,) = (one["lab"] for one in kvmlab.containers() if one["lab"].endswith(NEIGHBOUR))
    (host,) = known_hosts(kvmlab.state, [label])
    weighs = "processor" in enforced_limits(kvmlab.state)
    assert weighs == bool(weight(host))
    usual = weight(host)
    with preferred(host, host.init):
        assert weight(host) == [TIMES * one for one in usual]
    assert weight(host) == usual


def weight(host: KnownLabHost) -> list[int]:
    """What its cgroup weighs, outside; [] where none does."""
    try:
        return [int(weight_file(number(host.init)).read_text())]
    except OSError:
        return []


def test_all_of_a_state_directory_are_held_together(kvmlab: Kvmlab) -> None:
    """As a class holds all of a student's (class.toml): each limit that this computer says it holds is run into."""
    wanted = OwnLimits(all_memory_mib=1000, all_processes=250, all_cpu_weight=50)
    set_limits(kvmlab.state, wanted)
    assert kvmlab("reset", GREEDY).returncode == 0
    (label,) = (one["lab"] for one in kvmlab.containers() if one["lab"].endswith(GREEDY))
    (host,) = known_hosts(kvmlab.state, [label])
    found, holds = held(kvmlab.state.tag, number(host.init)) or Held(), enforced_limits(kvmlab.state)
    assert ("memory" not in holds) or found.most_memory_mib == 1000
    assert ("processes" not in holds) or found.most_processes == 250
    assert ("processor" not in holds) or found.cpu_weight == 50
    if "memory" in holds:
        took = "b = bytearray()\nwhile len(b) < 1100 << 20: b.extend(bytes(50 << 20))"
        assert kvmlab("exec", GREEDY, "--", "python3", "-c", took).returncode != 0
    if "processes" in holds:
        assert kvmlab("exec", GREEDY, "--", "python3", "-c", FORKS).stdout.split() == ["refused"]
        assert kvmlab("exec", GREEDY, "--", "true").returncode == 0
    if "memory" in holds:
        set_limits(kvmlab.state, wanted._replace(all_memory_mib=200))
        refused = kvmlab("reset", NEIGHBOUR)
        assert refused.returncode == 3 and "more are needed" in refused.stderr
        assert kvmlab("exec", GREEDY, "--", "true").returncode == 0


def test_it_ends_as_any_other(kvmlab: Kvmlab) -> None:
    set_limits(kvmlab.state, OwnLimits())
    assert kvmlab("reset", GREEDY).returncode == 0
    assert kvmlab("check", GREEDY).returncode == 1
