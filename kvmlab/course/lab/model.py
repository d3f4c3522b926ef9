"""A lab as it is for one student: every template filled in, ready to be read, set up and checked.

It is plain data, so it can be stored beside the lab host it belongs to (`to_json`, `from_json`): what runs
keeps the text and the values it was started with, whatever happens to the sources meanwhile.
Named tuples, as all records that `kvmlab list` and `hint` load: a dataclass each would cost them a third of their
time (and `from __future__ import annotations` here would have each annotation compiled).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kvmlab.checks.params import Params

NIC_MODELS = ("virtio", "e1000", "rtl8139")
DISK_BUSES = ("virtio", "ide", "sata")
GUEST_STATES = ("running", "paused", "shut off")  # libvirt's own words (virsh domstate)
HOST_KINDS = ("full", "bare", "desk")  # what there is on the lab host at the start (kvmlab.images.kinds)


class Task(NamedTuple):
    """One task. The texts are Markdown; `explanation` is "" where there is none."""

    id: str
    title: str
    text: str
    points: int
    hints: tuple[str, ...] = ()
    explanation: str = ""


class GuestSpec(NamedTuple):
    """A guest a lab starts with. `image`: one of ours or an imported one; `state` as virsh domstate says it.

    `address`: the address libvirt's dnsmasq reserves for `mac` in `network`, or "".
    `disk_gib` 0: as large as the image is. `max_memory_mib` and `max_vcpus` 0: no more than it has now; else what can
    be given to it while it runs. `nic_model` and `disk_bus` as in libvirt's XML.
    """

    name: str
    mac: str
    image: str = "small"
    memory_mib: int = 128
    vcpus: int = 1
    network: str = "default"
    address: str = ""
    disk_gib: int = 0
    state: str = "running"
    max_memory_mib: int = 0
    max_vcpus: int = 0
    nic_model: str = "virtio"
    disk_bus: str = "virtio"


class StartObject(NamedTuple):
    """A network, pool or domain the lab starts with: defined from `xml`; `name` is the one in that XML.

    `file` is the template it came from, for messages.
    """

    name: str
    xml: str
    file: str
    active: bool = True
    autostart: bool = False


class FileSpec(NamedTuple):
    """A file put on the lab host before the student comes; `mode` as chmod(2) has it."""

    path: str
    text: str
    mode: int = 0o644


class IsoSpec(NamedTuple):
    """An ISO of ours that lies on the lab host at `path`, read-only."""

    image: str
    path: str


class Survivor(NamedTuple):
    """A change of the solved state that no check needs to catch: a pattern (fnmatch) of mutants' names, and why so."""

    mutant: str
    reason: str


class Lab(NamedTuple):
    """One lab, rendered. `values`: its parameters and `lan`; `variant` None: the course's own values.

    `path` is the lab's folder inside the course (labs/network/bridge), `setup` a shell script or "".
    `host`: the kind of lab host, one of HOST_KINDS. `yours`: what is the student's to change beyond what the checks
    want, as kvmlab.grading.as_it_was has it. `by_name`: the variants that have a name.
    """

    id: str
    chapter: str
    title: str
    minutes: int
    intro: str
    tasks: tuple[Task, ...]
    values: dict[str, Any]
    lang: str
    path: str
    guests: tuple[GuestSpec, ...] = ()
    networks: tuple[StartObject, ...] = ()
    pools: tuple[StartObject, ...] = ()
    domains: tuple[StartObject, ...] = ()
    files: tuple[FileSpec, ...] = ()
    isos: tuple[IsoSpec, ...] = ()
    setup: str = ""
    variant: str | None = None
    host: str = "full"
    survivors: tuple[Survivor, ...] = ()
    yours: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The name of its variant; "" where that is drawn, or the course's own."""
        name = (self.variant or "").partition("+")[0]
        return name if name in self.by_name else ""

    @property
    def params(self) -> "Params":
        """The parameters as a checker gets them."""
        from kvmlab.checks.params import Params

        return Params(self.values)

    @property
    def points(self) -> int:
        """What can be reached in all."""
        return sum(task.points for task in self.tasks)

    def task(self, task_id: str) -> Task:
        """The task of that id; unknown: UsageError, naming the one that was probably meant."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        from kvmlab.course.unknown import no_task

        raise no_task(self.id, task_id, [task.id for task in self.tasks])

    def to_json(self) -> dict[str, Any]:
        """Plain data for json.dump; `from_json` gives the lab back."""
        return {**self._asdict(), **{name: [one._asdict() for one in getattr(self, name)] for name in _PARTS}}

    @classmethod
    def from_json(cls, data: object) -> "Lab":
        """The lab that `to_json` wrote. Anything else: ValueError."""
        values = _checked(cls, data)
        for name, kind in _PARTS.items():
            values[name] = tuple(_made(kind, one) for one in _listed(values.get(name, ())))
        if not values["tasks"] or not isinstance(values["values"], dict):
            raise ValueError("a lab without tasks or values")
        if values.get("host", "full") not in HOST_KINDS:
            raise ValueError("Lab: host")
        for name in ("yours", "by_name"):
            values[name] = tuple(_listed(values.get(name, ())))
        if not isinstance(values.get("variant"), (str, type(None))):
            raise ValueError("Lab: variant")
        return cls(**values)


_PARTS: dict[str, Any] = {
    "tasks": Task,
    "guests": GuestSpec,
    "networks": StartObject,
    "pools": StartObject,
    "domains": StartObject,
    "files": FileSpec,
    "isos": IsoSpec,
    "survivors": Survivor,
}


def _made(kind: Any, data: object) -> Any:
    values = _checked(kind, data)
    if "hints" in values:
        values["hints"] = tuple(_listed(values["hints"]))
        if not all(isinstance(hint, str) for hint in values["hints"]):
            raise ValueError("a hint that is no text")
    return kind(**values)


def _checked(kind: Any, data: object) -> dict[str, Any]:
    """`data` if it has the fields of the record `kind`, each of its type, and no others."""
    if not isinstance(data, dict):
        raise ValueError(f"{kind.__name__}: not a table")
    types = kind.__annotations__
    for name, value in data.items():
        if name not in types or (types[name] in (str, int, bool) and type(value) is not types[name]):
            raise ValueError(f"{kind.__name__}: {name}")
    for name in types:
        if name not in data and name not in kind._field_defaults:
            raise ValueError(f"{kind.__name__}: {name} is missing")
    return dict(data)


def _listed(value: object) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("not a list")
    return list(value)
