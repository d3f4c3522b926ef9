"""Proof 6: whatever was done to a lab host, and wherever kvmlab was killed, `reset` gives the start again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.errors import CannotRun
from kvmlab.images import Quiet
from kvmlab.labhost.container import find_containers
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.steps import run_step
from kvmlab.observe.inventory import Inventory, inventory_of
from kvmlab.setup.lifecycle import finish, reset
from kvmlab.setup.start_record import recall
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost

MESS = """
for guest in $(virsh list --all --name); do
    virsh destroy "$guest"; virsh undefine "$guest" --nvram --snapshots-metadata
done
virsh net-destroy default; virsh net-undefine default
virsh pool-define-as mess dir --target /var/lib/libvirt/mess && virsh pool-build mess && virsh pool-start mess
ip link add mess0 type bridge; ip link set mess0 up; ip address flush dev ens33; ip link set ens33 master mess0
ip route add blackhole 10.9.0.0/16
echo mess > /etc/libvirt/qemu.conf; rm -rf /etc/libvirt/qemu /var/lib/libvirt/images
systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket; pkill -9 qemu
"""
"""What a student at the end of the tether does."""
KILLED_AT = ("start.run_dir", "start.guests", "reset.launched")
"""Where kvmlab is killed with SIGKILL (kvmlab.killpoints), one reset after the other: before there is a container, with
guests half there, with two lab hosts at once. The engine's own tests try every point alone; here the lab is tried."""
SOLVING = "solve.step"
VICTIM_S = 180


def carry_reset(bench: Bench, case: Case, number: int) -> dict[str, object]:
    """Start; be killed while solving; make a mess; be killed in one reset after the other; reset; say what there is."""
    place = LabPlace(bench.state, f"{bench.tag}-{number}", bench.lab.id)
    try:
        host = place.host(reset(place, bench.lab, Quiet()), bench.materials.podman)
        die(bench, place, SOLVING)
        _do_wildly(bench, host, case)
        host.execute(["bash", "-s"], stdin=MESS, timeout_s=60)
        for point in KILLED_AT:
            bench.go_on()
            die(bench, place, point)
        bench.go_on()
        record = reset(place, bench.lab, Quiet())
        bench.go_on()
        inventory = remembered_inventory(bench, place.host(record, bench.materials.podman))
        count = len(find_containers(bench.materials.podman, bench.state, [place.label]))
    finally:
        finish(place, bench.materials.podman)
    return {"inventory": inventory, "lab_hosts": count}


def remembered_inventory(bench: Bench, host: LabHost) -> Inventory:
    """What `host` had at the end of its start, as kvmlab remembers it. CannotRun where nothing is remembered."""
    picture = recall(host)
    if picture is None:
        raise CannotRun(t("the state at the start could not be read, so nothing is compared with it"))
    return inventory_of(picture)


def _do_wildly(bench: Bench, host: LabHost, case: Case) -> None:
    """Carry out the steps after the first, which is done already, without looks; their outcome does not matter."""
    for step in [one for one in case.steps if not one.look][1:]:
        bench.go_on()
        run_step(host, step)


def die(bench: Bench, place: LabPlace, point: str) -> None:
    """A kvmlab of its own that starts, resets or solves the lab and dies at `point`; CannotRun if it does not."""
    order = {
        "course": str(bench.course.root),
        "state": str(bench.state.root),
        "lab": bench.lab.id,
        "variant": bench.lab.variant,
        "course_tag": place.course_tag,
        "verb": "solve" if point == SOLVING else "reset",
    }
    done = subprocess.Popen(
        [sys.executable, "-m", "kvmlab.author.prove.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "KVMLAB_DIE_AT": point, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    said = _end_of(bench, done, json.dumps(order))
    if done.returncode != -signal.SIGKILL:
        raise CannotRun(t("kvmlab did not die at {point}: {said}", point=point, said=said or done.returncode))


def _end_of(bench: Bench, process: subprocess.Popen[str], order: str) -> str:
    """Wait for it to end, VICTIM_S at most, and return its last words. It dies with us."""
    deadline = time.monotonic() + VICTIM_S
    sent: str | None = order
    try:
        while time.monotonic() < deadline:
            bench.go_on()
            try:
                words = process.communicate(sent, timeout=1)[1]
                return (words.strip().splitlines() or [""])[-1][-300:]
            except subprocess.TimeoutExpired:
                sent = None
        return t("it took more than {seconds} s", seconds=VICTIM_S)
    finally:
        process.kill()
        process.wait()
