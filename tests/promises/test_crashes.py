"""What else can break: podman, libvirtd and qemu killed, a removed container, two kvmlabs at once, a full disk."""

from __future__ import annotations

import subprocess
import time

import pytest

from kvmlab.labhost.machine import remembered_podman
from tests.conftest import Kvmlab

LAB = "network-bridge"
pytestmark = pytest.mark.guest


@pytest.fixture
def started(kvmlab: Kvmlab) -> Kvmlab:
    done = kvmlab("start", LAB)
    assert done.returncode == 0, done.stderr
    return kvmlab


def resets(kvmlab: Kvmlab) -> None:
    done = kvmlab("reset", LAB)
    assert done.returncode == 0, done.stderr
    assert kvmlab("check", LAB).returncode == 1
    assert len(kvmlab.containers()) == 1


@pytest.mark.parametrize("program", ["libvirtd", "qemu-system-x86_64", "systemd", "virtlogd", "dnsmasq"])
def test_a_killed_daemon(started: Kvmlab, program: str) -> None:
    started("exec", LAB, "--", "pkill", "-KILL", "-f", program)
    done = started("check", LAB)
    assert done.returncode in (1, 3), done.stdout + done.stderr
    resets(started)


@pytest.mark.parametrize("how", ["rm --force --time=0", "kill --signal=RTMIN+5"], ids=["removed", "rebooted"])
def test_a_lab_host_that_is_gone(started: Kvmlab, how: str) -> None:
    """Its container removed, or `reboot` typed on it, which is the signal that systemd(1) takes for that."""
    podman, name = remembered_podman(started.state), started.containers()[0]["name"]
    podman.run(*how.split(), name)
    podman.attempt("wait", name)
    done = started("check", LAB)
    assert done.returncode == 3, done.stdout
    assert "no longer runs" in done.stderr and f"kvmlab reset {LAB}" in done.stderr
    resets(started)


def test_podman_killed_while_it_starts_a_lab_host(kvmlab: Kvmlab) -> None:
    process = kvmlab.begin("start", LAB)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run(["pkill", "-KILL", "-f", f"podman.* run .*kvmlab-{kvmlab.state.tag}"]).returncode == 0:
            break
        time.sleep(0.01)
    _, said = process.communicate(timeout=120)
    assert process.returncode in (0, 3), said
    assert "Traceback" not in said
    resets(kvmlab)


def test_two_at_once(kvmlab: Kvmlab) -> None:
    first, second = kvmlab.begin("start", LAB), kvmlab.begin("start", LAB)
    said = [process.communicate(timeout=120)[1] for process in (first, second)]
    statuses = sorted([first.returncode, second.returncode])
    assert statuses in ([0, 3], [0, 0]), said
    assert len(kvmlab.containers()) == 1
    resets(kvmlab)


def test_two_resets_at_once(started: Kvmlab) -> None:
    both = [started.begin("reset", LAB) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) in ([0, 3], [0, 0]), said
    assert len(started.containers()) == 1
    resets(started)


def test_started_again_it_says_so_and_changes_nothing(started: Kvmlab) -> None:
    before = started.containers()
    done = started("start", LAB)
    assert done.returncode == 0
    assert "runs already" in done.stderr
    assert started.containers() == before


def test_the_start_is_cut_off_by_ctrl_c(kvmlab: Kvmlab) -> None:
    import signal

    process = kvmlab.begin("start", LAB)
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, 0), said
    if process.returncode == 130:
        assert kvmlab.containers() == []
    resets(kvmlab)
