"""What there is on a lab host to be broken: what libvirt has, and what the checks have asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from kvmlab.checks.reader import Key
from kvmlab.host.xml import Element

FROM_THE_START = "from the start"
DIRECTORY = "a directory"
"""Among the names of a file's facts: it was there already when the lab began; it is a directory."""


@dataclass(frozen=True)
class SceneDomain:
    """A domain. `stored` and `live` are its XML, "" where it has none of that kind."""

    name: str
    state: str
    stored: str
    live: str
    autostart: bool
    snapshots: int
    managed_save: bool

    kind: ClassVar[str] = "domain"

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    @property
    def running(self) -> bool:
        """Whether it has a qemu, paused or not."""
        return bool(self.live)


@dataclass(frozen=True)
class SceneDevice:
    """A device of a domain: the n-th `disk`, `interface`, `console` or `graphics`, as stored and as it runs."""

    domain: SceneDomain
    kind: str
    which: str
    stored: Element | None
    live: Element | None
    bridge: str = ""

    @property
    def label(self) -> str:
        """As in "vdb of web1"."""
        return f"{self.which} of {self.domain.name}"


@dataclass(frozen=True)
class SceneNetwork:
    """A network. `taps`: (tap, bridge) of the guests on it now; `traffic`: the lab asks who reaches whom."""

    name: str
    active: bool
    persistent: bool
    autostart: bool
    stored: str
    bridge: str
    taps: tuple[tuple[str, str], ...]
    traffic: bool = True

    kind: ClassVar[str] = "network"

    @property
    def label(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class ScenePool:
    """A pool."""

    name: str
    active: bool
    persistent: bool
    autostart: bool
    stored: str

    kind: ClassVar[str] = "pool"

    @property
    def label(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class SceneSnapshot:
    """A snapshot. `image`: the file with the snapshot inside, "" where none is or its domain runs."""

    domain: str
    name: str
    xml: str
    current: bool
    image: str

    kind: ClassVar[str] = "snapshot"

    @property
    def label(self) -> str:
        """As in "before of web1"."""
        return f"{self.name} of {self.domain}"


@dataclass(frozen=True)
class SceneLink:
    """A network device of the host, as `ip -d -j address` says it."""

    said: dict[str, Any]

    kind: ClassVar[str] = "link"

    @property
    def label(self) -> str:
        """Its name."""
        return str(self.said["ifname"])

    @property
    def address(self) -> str:
        """Its first IPv4 address with prefix, or ""."""
        found = [f"{one['local']}/{one['prefixlen']}" for one in self.said["addr_info"] if one["family"] == "inet"]
        return found[0] if found else ""


@dataclass(frozen=True)
class AskedObject:
    """Something that a check has asked for: `kind` and `key` as in the vocabulary, `names` of the facts."""

    kind: str
    key: Key
    names: frozenset[str]

    @property
    def label(self) -> str:
        """Its key in words; of what is in a guest: "/etc/fstab in web1"."""
        parts = [part for part in self.key if part]
        if self.kind.startswith("guest-"):
            inner = [part for part in self.key[2:] if part]
            return f"{' '.join(inner)} in {self.key[0]}" if inner else self.key[0]
        return " ".join(parts[::-1]) if self.kind == "note" else " ".join(parts)
