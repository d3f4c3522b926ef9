"""Probes: what a colleague would try on a solved lab host; those that no longer pass are a general fault's symptoms.

Each only looks, on the lab host or (upcoming) in a copy of its next boot. Its text is in general.toml, under its first
word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.course.fault.model import Symptom
from kvmlab.mutants.scene import AskedObject, SceneDevice, SceneDomain, SceneNetwork, ScenePool

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.mutants.mutator import Named

SSH = "ssh -o BatchMode=yes"
FOLLOWS = {"out": "enter", "disk": "enter", "mount": "enter", "volumes": "pool"}
"""Probes that say nothing more where another one of the same object has failed, too."""


def probes_of(found: Sequence[Named], lab: Lab) -> Iterator[Symptom]:
    """What a colleague would try on a lab host with these objects."""
    lan = lab.values["lan"]
    running = {one.name for one in found if isinstance(one, SceneDomain) and one.state == "running"}
    yield Symptom("host", f"ping -c 2 -W 3 {lan['ip']}", "peer")
    for one in found:
        if isinstance(one, SceneDomain):
            yield from _of_domain(one, lan["gateway"])
        elif isinstance(one, SceneDevice):
            yield from _of_device(one)
        elif isinstance(one, ScenePool) and one.active:
            yield Symptom(f"pool {one.name}", f"virsh vol-list {quote(one.name)}")
            yield Symptom(f"volumes {one.name}", f"virsh vol-list {quote(one.name)} | grep / >/dev/null")
        elif isinstance(one, SceneNetwork) and one.active:
            yield Symptom(f"network {one.name}", f"virsh net-list --name | grep -x {quote(one.name)} >/dev/null")
        elif isinstance(one, AskedObject) and one.kind == "guest-mount" and one.key[0] in running:
            mounted = quote(f"grep -q ' {one.key[2]} ' /proc/mounts")
            yield Symptom(f"mount {one.key[2]} of {one.key[0]}", f"{SSH} {quote(one.key[0])} {mounted}")


def _of_domain(one: SceneDomain, gateway: str) -> Iterator[Symptom]:
    name = quote(one.name)
    if one.state == "running":
        yield Symptom(f"enter {one.name}", f"{SSH} {name} true")
        yield Symptom(f"out {one.name}", f"{SSH} {name} ping -c 2 -W 3 {gateway}")
    elif one.state == "shut off":
        yield Symptom(f"start {one.name}", f"virsh start --paused {name}", upcoming=True)


def _of_device(one: SceneDevice) -> Iterator[Symptom]:
    """Disks beyond the first, and what is asked of libvirt before somebody looks at a screen or a console."""
    if one.domain.state != "running" or one.stored is None:
        return
    name = quote(one.domain.name)
    if one.kind == "disk" and one.which.startswith("vd") and one.which != "vda":
        yield Symptom(f"disk {one.label}", f"{SSH} {name} test -b /dev/{quote(one.which)}")
    elif one.kind == "console":
        yield Symptom(f"console {one.domain.name}", f"virsh ttyconsole {name} | grep / >/dev/null", upcoming=True)
    elif one.kind == "graphics":
        yield Symptom(f"screen {one.domain.name}", f"virsh domdisplay {name} | grep : >/dev/null", upcoming=True)


def follows(probe: Symptom, seen: Sequence[str]) -> bool:
    """Whether it only says once more what another symptom says."""
    kind, _, name = probe.id.partition(" ")
    return f"{FOLLOWS.get(kind)} {name.rpartition(' of ')[2]}" in seen
