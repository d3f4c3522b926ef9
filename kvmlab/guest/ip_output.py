"""What `ip` prints in a guest, busybox's or iproute2's."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

_LINK = re.compile(r"\d+: (?P<name>[^:@\s]+)(?:@\S+)?: <(?P<flags>[^>]*)>(?P<rest>.*)")


@dataclass(slots=True)
class Nic:
    """A network device of a guest."""

    name: str
    flags: frozenset[str]
    mtu: int | None
    mac: str | None = None
    addresses: list[str] = field(default_factory=list)  # IPv4, with prefix
    dynamic: bool = False  # an address that the kernel knows to expire

    @property
    def up(self) -> bool:
        """It is set up."""
        return "UP" in self.flags

    @property
    def loopback(self) -> bool:
        """It is lo."""
        return "LOOPBACK" in self.flags


def parse_addresses(text: str) -> dict[str, Nic]:
    """`ip addr show`, by name."""
    nics: dict[str, Nic] = {}
    nic: Nic | None = None
    for line in text.splitlines():
        if head := _LINK.match(line):
            mtu = re.search(r"\bmtu (\d+)", head["rest"])
            nic = Nic(head["name"], frozenset(head["flags"].split(",")), int(mtu[1]) if mtu else None)
            nics[nic.name] = nic
        elif nic and (words := line.split()):
            _take(nic, words)
    return nics


def _take(nic: Nic, words: list[str]) -> None:
    if words[0] == "inet" and len(words) > 1:
        address = words[1] if "/" in words[1] else f"{words[1]}/32"
        nic.addresses.append(address)
        nic.dynamic = nic.dynamic or "dynamic" in words
    elif words[0].startswith("link/") and len(words) > 1 and ":" in words[1]:
        nic.mac = words[1].lower()


def parse_routes(text: str) -> list[dict[str, object]]:
    """`ip route show`: dst, gateway, dev, prefsrc, metric, as `ip -j` names them."""
    return [_route(line.split()) for line in text.splitlines() if line.strip()]


def _route(words: list[str]) -> dict[str, object]:
    found: dict[str, object] = {"dst": words[0]}
    for name, value in itertools.pairwise(words[1:]):
        if name in ("via", "dev", "src"):
            found[{"via": "gateway", "src": "prefsrc"}.get(name, name)] = value
        elif name == "metric" and value.isdigit():
            found["metric"] = int(value)
    return found
