"""What else can break: podman, libvirtd and qemu killed, a removed container, two kvmlabs at once, a full disk."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import remove_all
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


def test_a_lab_host_that_was_removed(started: Kvmlab) -> None:
    podman, name = remembered_podman(started.state), started.containers()[0]["name"]
    remove_all(podman, [name])
    for argv in (["check", LAB], ["check", LAB, "--json"], ["start", "--resume", LAB], ["exec", LAB, "--", "true"]):
        done = started(*argv)
        assert done.returncode == 3, done.stdout
        assert f"kvmlab reset {LAB}" in done.stderr
    resets(started)


def test_a_lab_host_that_was_rebooted_goes_on_with_its_work(started: Kvmlab) -> None:
    """As after the computer was switched off; `reboot` typed on it sends the signal that systemd(1) takes for that."""
    mine = "echo mine >/root/work; virsh -q autostart web1; systemctl --no-block reboot"
    podman, name = remembered_podman(started.state), started.containers()[0]["name"]
    started("exec", LAB, "--", "sh", "-c", mine)
    podman.attempt("wait", name)
    verbs = [["check", LAB], ["exec", LAB, "--", "true"], ["shell", LAB], ["diff", LAB], ["map", LAB], ["solve", LAB]]
    for argv in [*verbs, ["start", LAB]]:
        done = started(*argv)
        assert (done.returncode, done.stdout) == (3, "")
        assert "no longer runs" in done.stderr and f"kvmlab start --resume {LAB}" in done.stderr
    assert f"kvmlab start --resume {LAB}" in started("status").stdout
    assert started("start", "--resume", LAB, die_at="resume.found").returncode == -signal.SIGKILL
    done = started("start", "--resume", LAB)
    assert done.returncode == 0, done.stderr
    assert [found["name"] for found in started.containers()] == [name]
    assert started("exec", LAB, "--", "cat", "/root/work").stdout == "mine\n"
    ready = "for n in $(seq 60); do virsh -q domstate web1 | grep -x running && break; sleep 1; done"
    assert started("exec", LAB, "--", "sh", "-c", ready).stdout == "running\n"
    assert started("check", LAB, "bridge").returncode == 1
    assert "nothing was changed" in started("start", "--resume", LAB).stderr
    resets(started)


def test_a_lab_host_that_is_just_shutting_down_is_waited_for(started: Kvmlab) -> None:
    slow = "[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sleep 5\n"
    begin = f"printf '{slow}' >/run/systemd/system/slow.service; systemctl start slow; systemctl --no-block poweroff"
    started("exec", LAB, "--", "sh", "-c", begin)
    done = started("start", "--resume", LAB)
    assert done.returncode == 0 and "goes on where it was" in done.stdout, done.stdout + done.stderr
    assert started("check", LAB).returncode == 1


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
