"""What a guest keeps of its network and who will read it, as its fact server tells it; and what comes out of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kvmlab.remote.parsing.readings import AT_BOOT


@dataclass(slots=True)
class NextBootConfig:
    """What the next boot does with an interface. `config`: the file that says so."""

    config: str
    method: str | None = None
    addresses: list[str] = field(default_factory=list)
    gateway: str | None = None
    dns: list[str] = field(default_factory=list)

    def does_as(self, other: NextBootConfig) -> bool:
        """Whether the interface has the same addresses and way out by either."""
        return (self.method, self.addresses, self.gateway) == (other.method, other.addresses, other.gateway)


@dataclass(frozen=True)
class Device:
    """The interface that is asked about. `mac`: in lower case, None where it is not there now."""

    name: str
    mac: str | None = None


@dataclass(frozen=True)
class Kept:
    """The sections that look.sh gives as "config", and those of `resolv`."""

    said: Mapping[str, str | None]

    @cached_property
    def files(self) -> dict[str, str]:
        """The configuration files, by their paths."""
        return self._by_path("config:")

    @cached_property
    def modes(self) -> dict[str, str]:
        """Permissions and owner of those for which they count: "600 root"."""
        return self._by_path("mode:")

    def _by_path(self, kind: str) -> dict[str, str]:
        return {name.removeprefix(kind): text or "" for name, text in self.said.items() if name.startswith(kind)}

    def text(self, section: str) -> str:
        """A section, "" where there is none."""
        return self.said.get(section) or ""

    def starts(self, unit: str) -> bool:
        """systemd starts this unit at boot."""
        return self.text(f"unit:{unit}").strip() in AT_BOOT

    @property
    def resolved(self) -> bool:
        """The C library asks systemd-resolved, or reads what that writes: /etc/resolv.conf is a link to it."""
        return "/run/systemd/resolve/" in self.text("resolv-link")

    @property
    def systemd(self) -> bool:
        """systemd is what boots it."""
        return any(name.startswith("unit:") for name in self.said)


def with_prefix(address: str, mask: str) -> str:
    """An address with 255.255.255.0 or 24 as its mask, as address/24; as it is where the mask is none."""
    try:
        return f"{address}/{ipaddress.IPv4Network(f'0.0.0.0/{mask}').prefixlen}"
    except ValueError:
        return address


def everywhere(destination: str) -> bool:
    """A route to it is the default route."""
    return destination in ("default", "0.0.0.0/0", "0/0", "0.0.0.0")
