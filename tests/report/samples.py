"""Reports to print: of the sample lab at its start, half done, done, and when it could not be looked at."""

from __future__ import annotations

from kvmlab.errors import CouldNotLook
from kvmlab.grading.verdicts import Report
from tests.checks.memory import Memory, checked, solved, unreachable, untouched

ADDRESS = ("guest-address", ("web1", "10.0.0.122", "eth0"))


def half_done() -> Memory:
    memory = solved()
    memory.objects["link", ("br0",)]["stp"] = False
    memory.objects["interface", ("web1", "stored", "index", "0")] |= {"type": "network", "source": "default"}
    memory.objects["route", ("default",)] |= {"via": "10.0.0.1\x1b[2J", "dev": None}
    return memory


def out_of_reach() -> Memory:
    memory = solved()
    memory.trouble[ADDRESS] = unreachable()
    return memory


def no_libvirtd() -> Memory:
    memory = solved()
    trouble = CouldNotLook("libvirtd does not answer: connection refused.", "systemctl start libvirtd")
    memory.trouble = {place: trouble for place in memory.objects if place[0] in ("domain", "interface")}
    return memory


STATES = {
    "start": untouched,
    "half": half_done,
    "done": solved,
    "unreachable": out_of_reach,
    "no-libvirtd": no_libvirtd,
}


def report(state: str) -> Report:
    """The report of one of STATES, taking the same time everywhere."""
    return checked(STATES[state]())._replace(seconds=0.3, variant=None)
