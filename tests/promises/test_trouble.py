"""Trouble with the host or a guest is `error` with its reason, soon, for the same maximum of points; never `failed`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmlab.paths import State
from tests.conftest import Kvmlab, clear, kvmlab_with

LAB = "try-trouble"
COURSE = Path(__file__).parent / "course"
POINTS = 4
SILENCE = "mv /usr/sbin/dropbear /usr/sbin/gone"  # init would start it again
NO_AGENT = "mv /usr/sbin/qemu-ga /usr/sbin/no-agent; killall qemu-ga"
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("trouble")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Kvmlab]:
    with kvmlab_with(tmp_path_factory.mktemp("trouble"), shared_state, course=COURSE) as kvmlab:
        yield kvmlab


@pytest.fixture
def fresh(lab: Kvmlab) -> Kvmlab:
    """The lab as at its start, on which everything passes."""
    done = lab("reset", LAB)
    assert done.returncode == 0, done.stderr
    report = check(lab)
    assert (report["verdict"], report["points"]) == ("passed", POINTS), report
    return lab


def check(lab: Kvmlab, within_s: float = 60) -> dict[str, Any]:
    began = time.monotonic()
    done = lab("check", LAB, "--json", timeout_s=within_s)
    assert time.monotonic() - began < within_s
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["max_points"] == POINTS
    assert done.returncode == {"passed": 0, "error": 3}.get(report["verdict"], 1)
    return report


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {task["id"]: task["verdict"] for task in report["tasks"]}


def errors(report: dict[str, Any]) -> str:
    return "\n".join(one["error"] or "" for task in report["tasks"] for one in task["checks"])


def on_host(lab: Kvmlab, script: str) -> None:
    done = lab("exec", LAB, "--", "sh", "-euc", script)
    assert done.returncode == 0, done.stderr


def in_guest(lab: Kvmlab, script: str) -> None:
    """`script` runs in the guest after its SSH connection has gone."""
    done = lab("exec", LAB, "--guest", "web1", "--", "sh", "-c", f"(sleep 1; {script}) >/dev/null 2>&1 </dev/null &")
    assert done.returncode == 0, done.stderr
    time.sleep(2.5)


def test_libvirtd_stopped(fresh: Kvmlab) -> None:
    on_host(fresh, "systemctl stop 'libvirtd*.socket' libvirtd")
    report = check(fresh)
    assert verdicts(report)["libvirt"] == "error"
    assert verdicts(report)["host"] == "passed"
    assert report["verdict"] == "error"
    assert "libvirt" in errors(report)


def test_libvirtd_that_hangs(fresh: Kvmlab) -> None:
    on_host(fresh, "pkill -STOP -x libvirtd")
    report = check(fresh)
    assert verdicts(report)["libvirt"] == "error"
    assert verdicts(report)["host"] == "passed"


def test_the_whole_lab_host_gone(fresh: Kvmlab) -> None:
    clear(fresh.state)
    report = check(fresh)
    assert set(verdicts(report).values()) == {"error"}
    assert fresh("check", LAB).returncode == 3


def test_ssh_of_the_host_refused(fresh: Kvmlab) -> None:
    on_host(fresh, "systemctl stop kvmlab-ssh.socket")
    report = check(fresh)
    assert verdicts(report) == {"host": "error", "libvirt": "passed", "guest": "error"}


def test_ssh_of_the_guest_refused(fresh: Kvmlab) -> None:
    in_guest(fresh, f"{NO_AGENT}; {SILENCE}; killall dropbear")
    report = check(fresh)
    assert verdicts(report) == {"host": "passed", "libvirt": "passed", "guest": "error"}
    assert "nothing listens" in errors(report)


def test_where_ssh_of_the_guest_is_refused_its_agent_answers(fresh: Kvmlab) -> None:
    in_guest(fresh, f"{SILENCE}; killall dropbear")
    assert verdicts(check(fresh)) == {"host": "passed", "libvirt": "passed", "guest": "passed"}


def test_ssh_that_accepts_and_says_nothing(fresh: Kvmlab) -> None:
    in_guest(fresh, f"{NO_AGENT}; {SILENCE}; killall dropbear; while :; do nc -l -p 22 </dev/tty1 >/dev/null; done")
    report = check(fresh)
    assert verdicts(report)["guest"] == "error"
    assert verdicts(report)["host"] == "passed"


@pytest.mark.parametrize("flood", ["yes", "cat /dev/zero", "yes >&2", "while :; do printf '==hostname 9==\\n'; done"])
def test_a_guest_that_prints_gigabytes(fresh: Kvmlab, flood: str) -> None:
    look = "/usr/lib/kvmlab/look"
    in_guest(fresh, f"rm -f {look}; printf '#!/bin/sh\\n%s\\n' \"{flood}\" >{look}; chmod 755 {look}")
    report = check(fresh)
    assert verdicts(report)["guest"] == "error"


def test_escape_sequences_from_a_guest_do_not_reach_the_terminal(fresh: Kvmlab) -> None:
    in_guest(fresh, "hostname \"$(printf 'a\\033[2J\\033]0;x\\007b')\"")
    done = fresh("check", LAB, "--color", "never", "--all")
    assert done.returncode == 1
    assert not set(done.stdout) & {"\x1b", "\x07", "\x9b"}
    report = check(fresh)
    assert verdicts(report)["guest"] == "failed"
    assert "\x1b" not in json.dumps(report, ensure_ascii=False)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("virsh destroy web1", "shut off"),
        ("virsh suspend web1", "paused"),
        ("virsh destroy web1; virsh undefine web1", "web1"),
        ("virsh domif-setlink web1 52:54:00:00:07:11 down", "link"),
        ("ip link set virbr0 down", "virbr0"),
        ("virsh net-destroy default", "default"),
    ],
)
def test_an_unreachable_guest_says_why(fresh: Kvmlab, script: str, reason: str) -> None:
    on_host(fresh, script)
    report = check(fresh)
    assert verdicts(report)["guest"] == "error", report
    assert reason in errors(report)


def test_a_guest_that_hangs_in_boot(fresh: Kvmlab) -> None:
    disk = "/var/lib/libvirt/images/web1.qcow2"
    on_host(fresh, f"virsh destroy web1; qemu-img create -q -f qcow2 {disk} 64M; virsh start web1")
    report = check(fresh)
    assert verdicts(report)["guest"] == "error"
    assert "does not answer yet" in errors(report)


def test_only_the_host_can_be_asked_for(fresh: Kvmlab) -> None:
    on_host(fresh, "systemctl stop 'libvirtd*.socket' libvirtd")
    done = fresh("check", LAB, "host")
    assert done.returncode == 0, done.stdout
