"""A host in memory: a real Reader of a dictionary, for tests of everything above the readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kvmlab.checks import Params
from kvmlab.checks.reader import Answer, Key, MissingObject, Reader, Reading, Want
from kvmlab.errors import CouldNotLook
from kvmlab.grading.load import CheckSet, load_checks
from kvmlab.grading.runner import run
from kvmlab.grading.verdicts import Report

SAMPLE = Path(__file__).with_name("sample_checker.py")
Place = tuple[str, Key]


@dataclass
class Memory:
    """Objects by kind and key; `trouble` for those that cannot be read; counts how often it is asked."""

    objects: dict[Place, dict[str, object]] = field(default_factory=dict)
    trouble: dict[Place, Exception] = field(default_factory=dict)
    asked: list[tuple[str, Key, tuple[str, ...]]] = field(default_factory=list)
    passes: int = 0
    on_pass: Callable[[Memory], None] = lambda memory: None

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        self.asked.append((kind, key, tuple(names)))
        if error := self.trouble.get((kind, key)):
            raise error
        if (kind, key) not in self.objects:
            return MissingObject(offers=[other[0] for other_kind, other in self.objects if other_kind == kind])
        return {name: Reading(self.objects[kind, key][name]) for name in names}

    def refresh(self) -> None:
        self.passes += 1
        self.on_pass(self)


@dataclass
class Prefetching(Memory):
    """One that wants to be told beforehand."""

    wants: list[Want] = field(default_factory=list)

    def prefetch(self, wants: Sequence[Want]) -> None:
        self.wants = list(wants)


@dataclass(frozen=True)
class Task:
    """A task of lab.md."""

    id: str
    points: int = 1
    title: str = "A task"


PARAMS: Mapping[str, object] = {
    "uplink": "ens33",
    "bridge": "br0",
    "guest": "web1",
    "mac": "52:54:00:D0:E5:28",
    "cidr": "10.0.0.122/24",
    "lan": {"address": "10.0.0.12/24", "gateway": "10.0.0.2"},
}
TASKS = (
    Task("bridge", 2, "Build a bridge that prevents loops"),
    Task("uplink", 3, "Plug the host into it"),
    Task("guest", 3, "Move the guest over"),
)


def solved() -> Memory:
    """The sample lab as it is when everything is done."""
    nic: dict[str, object] = {"type": "bridge", "source": "br0", "model": "virtio", "mac": "52:54:00:d0:e5:28"}
    return Memory(
        {
            ("link", ("ens33",)): {"master": "br0", "addresses": []},
            ("link", ("br0",)): {"kind": "bridge", "stp": True, "addresses": ["10.0.0.12/24", "fe80::1/64"]},
            ("route", ("default",)): {"via": "10.0.0.2", "dev": "br0"},
            ("domain", ("web1", "now")): {"state": "running", "persistent": True},
            ("interface", ("web1", "now", "index", "0")): nic,
            ("interface", ("web1", "stored", "index", "0")): dict(nic),
            ("guest-address", ("web1", "10.0.0.122", "eth0")): {"addresses": ["10.0.0.122/24"]},
        }
    )


def untouched() -> Memory:
    """The sample lab as it is at its start."""
    memory = solved()
    objects = memory.objects
    del objects["link", ("br0",)]
    objects["link", ("br1",)] = {"kind": "bridge", "stp": False, "addresses": []}
    objects["link", ("ens33",)] = {"master": None, "addresses": ["10.0.0.12/24"]}
    objects["route", ("default",)]["dev"] = "ens33"
    for view in ("now", "stored"):
        objects["interface", ("web1", view, "index", "0")] |= {"type": "network", "source": "default"}
    return memory


def checked(reader: Reader, **options: object) -> Report:
    """The sample checker against `reader`."""
    checks = load_checks(SAMPLE)
    return run(checks, reader, Params(PARAMS), TASKS, lab="network-bridge", **options)  # type: ignore[arg-type]


def written(folder: Path, body: str) -> CheckSet:
    """A checker file with this body, loaded."""
    path = folder / "checker.py"
    path.write_text("from kvmlab.checks import *\n" + body, encoding="utf-8")
    return load_checks(path)


def unreachable(*, transient: bool = False) -> CouldNotLook:
    """What a reader raises for a guest that does not answer."""
    return CouldNotLook("Guest web1: SSH refused at 10.0.0.122.", "virsh console web1", transient=transient)
