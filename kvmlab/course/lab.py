"""A lab as it is for one student: every template filled in, ready to be read, set up and checked.

It is plain data, so it can be stored beside the lab host it belongs to (`to_json`, `from_json`): what runs
keeps the text and the values it was started with, whatever happens to the sources meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from kvmlab.checks.params import Params

T = TypeVar("T")
GUEST_STATES = ("running", "paused", "shut off")  # libvirt's own words (virsh domstate)


@dataclass(frozen=True, slots=True)
class Task:
    """One task. The texts are Markdown; `explanation` is "" where there is none."""

    id: str
    title: str
    text: str
    points: int
    hints: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class GuestSpec:
    """A guest a lab starts with. `image`: one of ours or an imported one; `state` as virsh domstate says it.

    `address`: the address libvirt's dnsmasq reserves for `mac` in `network`, or "".
    `disk_gib` 0: as large as the image is.
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


@dataclass(frozen=True, slots=True)
class StartObject:
    """A network, pool or domain the lab starts with: defined from `xml`; `name` is the one in that XML.

    `file` is the template it came from, for messages.
    """

    name: str
    xml: str
    file: str
    active: bool = True
    autostart: bool = False


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file put on the lab host before the student comes; `mode` as chmod(2) has it."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab, rendered. `values`: its parameters and `lan`; `variant` None: the course's own values.

    `path` is the lab's folder inside the course (labs/network/bridge), `setup` a shell script or "".
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
    setup: str = ""
    variant: str | None = None

    @property
    def params(self) -> Params:
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
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Lab:
        """The lab that `to_json` wrote. Anything else: ValueError."""
        values = _checked(cls, data)
        for name, kind in _PARTS.items():
            values[name] = tuple(_made(kind, one) for one in _listed(values.get(name, ())))
        if not values["tasks"] or not isinstance(values["values"], dict):
            raise ValueError("a lab without tasks or values")
        return cls(**values)


_PARTS: dict[str, type] = {
    "tasks": Task,
    "guests": GuestSpec,
    "networks": StartObject,
    "pools": StartObject,
    "domains": StartObject,
    "files": FileSpec,
}
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "tuple[str, ...]": (list, tuple),
}


def _made(kind: type[T], data: object) -> T:
    values = _checked(kind, data)
    if "hints" in values:
        values["hints"] = tuple(_text(one) for one in _listed(values["hints"]))
    return kind(**values)


def _checked(kind: type, data: object) -> dict[str, Any]:
    """`data` if it has the fields of the dataclass `kind`, each of its type, and no others."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{kind.__name__}: not a table")
    known = {field.name: _KINDS.get(str(field.type)) for field in fields(kind)}
    for name, value in data.items():
        wanted = known.get(name, ())
        if wanted == () or (wanted and not isinstance(value, wanted)):
            raise ValueError(f"{kind.__name__}: {name}")
    missing = [f.name for f in fields(kind) if f.name not in data and f.default is f.default_factory]
    if missing:
        raise ValueError(f"{kind.__name__}: {missing[0]} is missing")
    return dict(data)


def _listed(value: object) -> list[object]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("not a list")
    return list(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value
