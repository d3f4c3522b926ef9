"""`diff` says what has changed since the start; `check --watch` looks whenever something stirs, until all passes."""

from __future__ import annotations

import json
import signal
from threading import Thread

import pytest

from kvmlab.course import Course
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.record import run_of
from kvmlab.observe import watch
from tests.author.planting import HERE
from tests.conftest import Kvmlab

LAB = "tiny-note"
pytestmark = pytest.mark.guest


@pytest.fixture
def tiny(kvmlab: Kvmlab) -> Kvmlab:
    kvmlab.env["KVMLAB_COURSE"] = str(HERE)
    assert kvmlab("start", LAB).returncode == 0
    return kvmlab


def test_diff(tiny: Kvmlab) -> None:
    untouched = tiny("diff", LAB)
    assert untouched.returncode == 0, untouched.stderr
    assert "Nothing has changed" in untouched.stdout
    change = "ip link add br7 type bridge; virsh net-destroy default; virsh net-autostart default --disable"
    tiny("exec", LAB, "--", "sh", "-c", change)
    found = json.loads(tiny("diff", LAB, "--json").stdout)["differences"]
    named = {one["name"]: (one["before"], one["now"]) for one in found}
    assert named["network default: active"] == ("yes", "no")
    assert any(name.startswith("link br7") and before is None for name, (before, _) in named.items())
    assert len(tiny.containers()) == 1


def test_what_is_remembered_of_a_start_goes_with_its_lab_host(tiny: Kvmlab) -> None:
    assert tiny("reset", LAB, die_at="start.remembered").returncode == -signal.SIGKILL
    assert tiny("reset", LAB).returncode == 0
    assert len(list(tiny.state.run.glob("*/start.json"))) == 1
    assert tiny("finish", LAB).returncode == 0
    assert list(tiny.state.run.iterdir()) == []


def test_watch_ends_when_all_passes(tiny: Kvmlab) -> None:
    watching = tiny.begin("check", LAB, "--watch")
    solved = tiny("solve", LAB)
    assert solved.returncode == 0, solved.stderr
    said, _ = watching.communicate(timeout=120)
    assert watching.returncode == 0
    assert "✓" in said


def test_a_watch_sleeps_until_something_stirs(tiny: Kvmlab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "QUIET_S", 600.0)
    monkeypatch.setattr(watch, "MOST_QUIET_S", 600.0)
    course = Course.load(HERE, tiny.state)
    run = run_of(tiny.state, course.tag, LAB)
    assert run and run.compiled
    place = LabPlace(tiny.state, course.tag, LAB)
    with watch.watched(run.compiled, course.checker(LAB), place.known_host(run)) as watched:
        assert watched.look().exit_status == 1
        assert any(not watched.stirs(2.0) for _ in range(10))
        solving = Thread(target=tiny, args=("solve", LAB))
        solving.start()
        while watched.look().exit_status:  # ends by the test's own limit where nothing wakes it
            watched.rest()
        solving.join()


def test_map(kvmlab: Kvmlab) -> None:
    kvmlab.env["KVMLAB_COURSE"] = str(HERE.parents[1] / "promises/course")
    assert kvmlab("start", "try-trouble").returncode == 0
    hostile = "virsh net-define /dev/stdin <<< '<network><name>\x1b[31mred</name><bridge name=\"virbr9\"/></network>'"
    kvmlab("exec", "try-trouble", "--", "bash", "-c", hostile)
    shown = kvmlab("map")
    assert shown.returncode == 0, shown.stderr
    assert "\x1b" not in shown.stdout
    lines = [line.split() for line in shown.stdout.splitlines() if line]
    assert ["virbr0", "192.168.122.1/24,", "network", "default,", "nat"] in lines
    assert any(line[:3] == ["└─", "vnet0", "web1"] for line in lines)
    assert any("/var/lib/libvirt/images/web1.qcow2" in line for line in lines)
    found = json.loads(kvmlab("map", "--json").stdout)
    assert found["domains"][0]["state"] == "running"
