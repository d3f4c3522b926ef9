"""A rehearsal sees what only the next start shows, disturbs nothing, and leaves nothing behind, also after kill -9."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from tests.conftest import Kvmlab

LAB, GUEST = "network-bridge", "10.0.0.122"
pytestmark = pytest.mark.guest

SEEN = f"""
pgrep -a 'qemu|libvirtd|dnsmasq' | sort
virsh list --all; virsh domstate --reason web1; virsh domjobinfo web1 --completed; virsh net-list --all
cat /etc/libvirt/qemu/*.xml /etc/libvirt/qemu/networks/*.xml | sha256sum
virsh dumpxml web1 | sha256sum; virsh dumpxml --inactive web1 | sha256sum
ip -o -4 address; ip route; ls -A /run/kvmlab /run/libvirt /var/lib/libvirt/images /var/lib/libvirt/qemu
grep -c . /var/log/libvirt/qemu/web1.log
ssh {GUEST} 'cat /proc/sys/kernel/random/boot_id; ps; mount'
"""
FLUSHED = "printf '#!/bin/sh\\n(sleep 2; ip -4 address flush dev eth0) &\\n' >/etc/rc.local; chmod 755 /etc/rc.local"
"""A next boot at whose end the address is gone, as no file about the network says."""


def seen(kvmlab: Kvmlab) -> str:
    """What a student may look at: processes, definitions, files, and what the guest runs."""
    lines = kvmlab("exec", LAB, "--", "sh", "-c", SEEN).stdout.splitlines()
    passing = ("look", "ps", "dropbear", "sh -c", "-sh", "timeout", "[")  # of the kernel, and of those who look
    return "\n".join(line for line in lines if not any(word in line for word in passing))


def clocks(kvmlab: Kvmlab) -> tuple[float, float]:
    """The guest's uptime, and how far its clock is from ours."""
    said = kvmlab("exec", LAB, "--", "ssh", GUEST, "cat /proc/uptime; date +%s").stdout.split()
    return time.time() - float(said[0]), time.time() - float(said[2])


def test_the_next_start_is_seen_and_nothing_is_disturbed(kvmlab: Kvmlab) -> None:
    assert kvmlab("start", LAB).returncode == 0
    solved = kvmlab("solve", LAB)
    assert solved.returncode == 0, solved.stderr
    assert kvmlab("exec", LAB, "--", "ssh", GUEST, FLUSHED).returncode == 0
    assert kvmlab("check", LAB).returncode == 0  # nothing that is stored tells
    before, (booted, offset) = seen(kvmlab), clocks(kvmlab)

    assert kvmlab("check", "--rehearse", LAB, die_at="rehearsal.started").returncode == -signal.SIGKILL
    assert len(kvmlab.containers()) == 2
    rehearsed = kvmlab("check", "--rehearse", LAB, "--json")
    assert rehearsed.returncode in (1, 3), rehearsed.stderr  # where the guest is not reached, it could not look
    facts = {(check["id"], row["name"]): row for check, row in rows(json.loads(rehearsed.stdout)) if row["rehearsed"]}
    assert facts["nic-is-on-the-bridge-after-the-next-start", "bridge"]["found"] == "br0"
    tasks = json.loads(rehearsed.stdout)["tasks"]
    verdicts = {check["id"]: check["verdict"] for task in tasks for check in task["checks"]}
    assert verdicts["guest-has-the-address-at-boot"] in ("failed", "error")

    assert len(kvmlab.containers()) == 1  # and the one that was killed has gone, too
    assert seen(kvmlab) == before
    booted_after, offset_after = clocks(kvmlab)
    assert abs(booted_after - booted) < 2 and abs(offset_after - offset) < 2
    assert kvmlab("check", LAB).returncode == 0

    assert kvmlab("check", "--rehearse", LAB, die_at="rehearsal.container").returncode == -signal.SIGKILL
    assert kvmlab("reset", LAB).returncode == 0
    assert len(kvmlab.containers()) == 1 and len(list(kvmlab.state.run.iterdir())) == 1
    assert kvmlab("check", LAB).returncode == 1


def rows(report: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each fact, with its check."""
    checks = [check for task in report["tasks"] for check in task["checks"]]
    return [(check, row) for check in checks for found in check["findings"] for row in found["facts"]]
