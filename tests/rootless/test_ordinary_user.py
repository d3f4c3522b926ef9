"""An ordinary user's kvmlab, from building the images to a graded lab. script/as-user makes one where there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from kvmlab.paths import State
from tests.conftest import Kvmlab

pytestmark = [pytest.mark.rootless, pytest.mark.guest]
LAB = "network-bridge"


def outside() -> str:
    """What there is of links, addresses, routes and mounts on this computer."""
    links = sorted(link.name for link in Path("/sys/class/net").iterdir())
    mounts = sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return "\n".join([Path("/proc/net/route").read_text(), *links, *mounts])


@pytest.fixture(scope="session", autouse=True)
def images(shared_state: State) -> None:
    """Built by this user, with mmdebstrap and podman as they work for an ordinary user."""
    built = Kvmlab(shared_state)("image", "build", "host", "small", "full", timeout_s=1800)
    assert built.returncode == 0, built.stderr


def test_the_user_is_an_ordinary_one() -> None:
    assert os.getuid() != 0
    capabilities = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff")
    )
    assert int(capabilities.split()[1], 16) == 0


def test_a_lab_from_start_to_finish(kvmlab: Kvmlab) -> None:
    before = outside()
    for verb, status in (("start", 0), ("check", 1), ("solve", 0), ("check", 0), ("reset", 0), ("check", 1)):
        done = kvmlab(verb, LAB)
        assert done.returncode == status, f"{verb}: {done.stdout}{done.stderr}"
    assert kvmlab("finish", LAB).returncode == 0
    assert kvmlab.containers() == []
    assert list(kvmlab.state.run.iterdir()) == []
    assert outside() == before


def test_a_build_that_was_killed_is_begun_again(shared_state: State) -> None:
    """kill -9 at every step of the bare and the desk host; then all images are built, and nothing is left behind."""
    kvmlab = Kvmlab(shared_state)
    assert kvmlab("image", "rm", "desk", "bare").returncode == 0
    for at in ("image.bare.base", "image.bare.packages", "image.bare", "image.desk.base"):
        killed = kvmlab("image", "build", at.split(".")[1], die_at=at, timeout_s=900)
        assert killed.returncode == -signal.SIGKILL, f"{at}: {killed.stdout}{killed.stderr}"
    built = kvmlab("image", "build", timeout_s=1800)
    assert built.returncode == 0, built.stderr
    assert list(Path("/var/tmp").glob(f"kvmlab-{os.getuid()}-*")) == []


@pytest.mark.parametrize("lab", ["install-packages", "install-first-guest", "manage-web"])
def test_a_lab_on_another_host_image_or_from_an_iso(kvmlab: Kvmlab, lab: str) -> None:
    for verb in ("start", "solve", "check", "finish"):
        done = kvmlab(verb, lab)
        assert done.returncode == 0, f"{verb}: {done.stdout}{done.stderr}"


def on_host(kvmlab: Kvmlab, script: str) -> str:
    """What `script` says as root on the lab host."""
    done = kvmlab("exec", LAB, "--", "sh", "-euc", script)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_root_on_the_lab_host_can_do_what_the_course_asks_for(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    assert on_host(kvmlab, "systemctl --failed --no-legend --plain") == ""
    assert on_host(kvmlab, "virsh domstate web1") == "running"
    assert on_host(kvmlab, "test ! -f /dev/kvm && echo no file") == "no file"
    on_host(kvmlab, "ping -qc1 -W2 10.0.0.2 && ping -qc1 -W2 10.0.0.50 && getent hosts www.lan.test")
    on_host(kvmlab, "nsenter --net=/run/netns/peer ping -qc1 -W2 10.0.0.12")
    on_host(kvmlab, "brctl addbr br7 && brctl stp br7 on && brctl setfd br7 4")
    assert on_host(kvmlab, "cat /sys/class/net/br7/bridge/stp_state") == "1"
    on_host(kvmlab, "virsh pool-define-as p dir --target /srv/p && virsh pool-build p && virsh pool-start p")
    on_host(kvmlab, "virsh vol-create-as p v 16M --format qcow2")
    on_host(kvmlab, "virsh attach-disk web1 /srv/p/v vdb --subdriver qcow2")
    on_host(kvmlab, "virsh save web1 /root/saved && virsh restore /root/saved")
    on_host(kvmlab, "systemctl restart libvirtd && virsh net-info default && virsh domstate web1")


def test_what_is_on_the_lab_host_is_out_of_reach_of_this_computer(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    home = Path.home()
    assert on_host(kvmlab, f"test ! -e {home} && echo no home") == "no home"
    routes = on_host(kvmlab, "ip route show default")
    assert routes.split()[:5] == ["default", "via", "10.0.0.2", "dev", "ens33"]
    assert on_host(kvmlab, "ping -qc1 -W1 192.0.2.1 >/dev/null && echo out || echo in") == "in"


def test_the_checker_and_podman_agree_on_who_we_are(kvmlab: Kvmlab) -> None:
    done = kvmlab("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"] is True
    info = subprocess.run(["podman", "info", "--format", "{{.Host.Security.Rootless}}"], capture_output=True, text=True)
    assert info.stdout.strip() == "true"


def test_a_group_that_counts_for_nothing_on_a_lab_host_is_told(kvmlab: Kvmlab) -> None:
    """Here we may open /dev/kvm as a member of its group, as on Debian over SSH: a lab host's qemu may not."""
    if not Path("/dev/kvm").exists():
        assert "no /dev/kvm" in kvmlab("start", LAB).stderr
        return
    assert os.access("/dev/kvm", os.R_OK | os.W_OK)
    told = kvmlab("start", LAB).stderr
    assert "may open /dev/kvm, but qemu on a lab host may not" in told
    assert on_host(kvmlab, "virsh dumpxml web1 | grep -o 'domain type=.[a-z]*'") == "domain type='qemu"
    findings = json.loads(kvmlab("doctor", "--json").stdout)["findings"]
    kvm = next(finding for finding in findings if finding["name"] == "KVM")
    assert kvm["level"] == "slow"
    assert "usermod" not in kvm["todo"]
    assert f"→ {kvm['todo']}" in told
